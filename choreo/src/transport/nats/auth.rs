//! How a connection proves who it is: from [`NatsAuth`] to what the client sends.
//!
//! Runs at every connect and reconnect, so that the client library stores no credential.

use std::fmt;
use std::path::PathBuf;

use nkeys::KeyPair;

use crate::secret::{Credentials, ResolveError, Secret};

/// Credentials for a NATS server. `Debug` shows the method only.
#[derive(Clone)]
pub struct NatsAuth(Method);

#[derive(Clone)]
enum Method {
    UserPassword(Secret, Secret),
    Token(Secret),
    Nkey(Secret),
    CredentialsFile(PathBuf),
}

impl NatsAuth {
    /// A user name and a password.
    pub fn user_password(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self(Method::UserPassword(
            user.into().into_name(),
            password.into(),
        ))
    }

    /// A token.
    pub fn token(token: impl Into<Secret>) -> Self {
        Self(Method::Token(token.into()))
    }

    /// The seed of an nkey: the text that starts with `SU`.
    pub fn nkey(seed: impl Into<Secret>) -> Self {
        Self(Method::Nkey(seed.into()))
    }

    /// A credentials file (`.creds`) with a token of a user and the seed that belongs to it. It is read
    /// at each connect.
    pub fn credentials_file(path: impl Into<PathBuf>) -> Self {
        Self(Method::CredentialsFile(path.into()))
    }

    /// What a URL gives before the `@`: user and password, or a token alone.
    pub(super) fn from_userinfo(userinfo: &str) -> Option<Self> {
        match userinfo.split_once(':') {
            Some((user, password)) => Some(Self::user_password(
                Secret::from_url(user)?,
                Secret::from_url(password)?,
            )),
            None => Some(Self::token(Secret::from_url(userinfo)?)),
        }
    }
}

impl fmt::Debug for NatsAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Method::UserPassword(..) => "NatsAuth::user_password(<redacted>)",
            Method::Token(_) => "NatsAuth::token(<redacted>)",
            Method::Nkey(_) => "NatsAuth::nkey(<redacted>)",
            Method::CredentialsFile(_) => "NatsAuth::credentials_file(<redacted>)",
        })
    }
}

/// Why there is nothing to log in with. Holds no credential.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error("the nkey seed is malformed: a user's seed starts with `SU` and has 58 characters")]
    Seed,
    #[error("cannot read the credentials file {}: {reason}", path.display())]
    CredentialsFile { path: PathBuf, reason: String },
}

/// Asks for the credentials and makes of them what the server wants to see.
pub(super) async fn login(
    credentials: Credentials<NatsAuth>,
    nonce: Vec<u8>,
) -> Result<async_nats::Auth, LoginError> {
    let auth = credentials.resolve().await?;
    let mut login = async_nats::Auth::new();
    match &auth.0 {
        Method::UserPassword(user, password) => {
            login.username = Some(user.expose().to_owned());
            login.password = Some(password.expose().to_owned());
        }
        Method::Token(token) => login.token = Some(token.expose().to_owned()),
        Method::Nkey(seed) => {
            let (public, signature) = sign(seed, &nonce).ok_or(LoginError::Seed)?;
            login.nkey = Some(public);
            login.signature = Some(signature);
        }
        Method::CredentialsFile(path) => {
            let failed = |reason: String| LoginError::CredentialsFile {
                path: path.clone(),
                reason,
            };
            let (token, seed) = read_credentials(path.clone()).await.map_err(&failed)?;
            let (_, signature) =
                sign(&seed, &nonce).ok_or_else(|| failed("its seed is malformed".into()))?;
            login.jwt = Some(token.expose().to_owned());
            login.signature = Some(signature);
        }
    }
    Ok(login)
}

/// The public key, and the signature of what the server sent.
fn sign(seed: &Secret, nonce: &[u8]) -> Option<(String, Vec<u8>)> {
    let pair = KeyPair::from_seed(seed.expose().trim()).ok()?;
    let signature = pair.sign(nonce).ok()?;
    Some((pair.public_key(), signature))
}

/// The token and the seed in a credentials file.
async fn read_credentials(path: PathBuf) -> Result<(Secret, Secret), String> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path).map(Secret::from))
        .await
        .map_err(|_| "reading it was interrupted".to_owned())?
        .map_err(|error| error.to_string())?;
    let mut sections = sections(text.expose());
    match (sections.next(), sections.next()) {
        (Some(token), Some(seed)) => Ok((token.into(), seed.into())),
        _ => Err(
            "it does not hold a token and a seed between `-----BEGIN …-----` and \
                  `------END …------`"
                .into(),
        ),
    }
}

/// The lines that follow a line `---…BEGIN …---`.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().map(str::trim);
    std::iter::from_fn(move || {
        lines
            .by_ref()
            .find(|line| line.starts_with("---") && line.contains("BEGIN"))?;
        lines.by_ref().find(|line| !line.is_empty())
    })
    .filter(|line| !line.starts_with("---"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[test]
    fn a_url_gives_user_and_password_or_a_token() {
        let shown = |userinfo: &str| match NatsAuth::from_userinfo(userinfo).map(|auth| auth.0) {
            Some(Method::UserPassword(user, password)) => {
                format!("{} {}", user.expose(), password.expose())
            }
            Some(Method::Token(token)) => token.expose().to_owned(),
            _ => "none".into(),
        };
        assert_eq!(shown("me:p%40ss%2fword:"), "me p@ss/word:");
        assert_eq!(shown("t%6fken"), "token");
        for malformed in ["%", "%4", "%zz", "%ff", "me:%+1"] {
            assert_eq!(shown(malformed), "none", "{malformed}");
        }
    }

    #[test]
    fn debug_names_the_method_only() {
        for auth in [
            NatsAuth::user_password(SENTINEL, SENTINEL),
            NatsAuth::token(SENTINEL),
            NatsAuth::nkey(SENTINEL),
            NatsAuth::credentials_file(SENTINEL),
        ] {
            let shown = format!("{auth:?}");
            assert!(
                !shown.contains(SENTINEL) && shown.starts_with("NatsAuth::"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_credentials_file_has_two_sections() {
        let text = "-----BEGIN NATS USER JWT-----\r\ntoken\r\n------END NATS USER JWT------\r\n\r\n\
                    *** IMPORTANT ***\n-----BEGIN USER NKEY SEED-----\n\nseed\n------END------\n";
        assert_eq!(sections(text).collect::<Vec<_>>(), ["token", "seed"]);
        assert_eq!(sections("---BEGIN---\n---END---\nx").count(), 0);
    }
}
