use choreo::secret::{Credentials, IntoCredentials};

/// What a transport of one's own asks for.
struct Token;

fn auth<Kind>(token: impl IntoCredentials<Token, Kind>) -> Credentials<Token> {
    token.into_credentials()
}

fn main() {
    auth("s3cret");
    auth(|| "s3cret");
    auth(|scope: &str| Ok::<_, std::io::Error>(Token));
    auth(async || Token);
}
