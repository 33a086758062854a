//! How a connection proves who it is: from [`KafkaAuth`] to the client's settings.

use std::fmt;
use std::time::Duration;

use crate::secret::Secret;

/// How long a token is taken to be valid when nothing else is said.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// Credentials for a Kafka cluster. `Debug` shows the method only.
#[derive(Clone)]
pub struct KafkaAuth(Method);

#[derive(Clone)]
enum Method {
    Password(Mechanism, Secret, Secret),
    Token(Token),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

/// A bearer token, as the client's callback hands it out.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) token: Secret,
    pub(super) principal: String,
    pub(super) lifetime: Duration,
}

impl KafkaAuth {
    /// A user name and a password (SASL PLAIN). They go over the wire as they are: use TLS.
    pub fn plain(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self(Method::Password(
            Mechanism::Plain,
            user.into().into_name(),
            password.into(),
        ))
    }

    /// A user name and a password that do not go over the wire (SASL SCRAM-SHA-256). Needs the feature
    /// `kafka-tls`.
    pub fn scram_sha_256(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self(Method::Password(
            Mechanism::ScramSha256,
            user.into().into_name(),
            password.into(),
        ))
    }

    /// As [`scram_sha_256`](Self::scram_sha_256), with SHA-512.
    pub fn scram_sha_512(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self(Method::Password(
            Mechanism::ScramSha512,
            user.into().into_name(),
            password.into(),
        ))
    }

    /// A bearer token (SASL OAUTHBEARER). It is taken to be valid for an hour unless
    /// [`expires_in`](Self::expires_in) says otherwise; a resolver is asked again before that. Needs the
    /// feature `kafka-tls`.
    pub fn oauth_bearer(token: impl Into<Secret>) -> Self {
        Self(Method::Token(Token {
            token: token.into(),
            principal: "choreo".into(),
            lifetime: TOKEN_LIFETIME,
        }))
    }

    /// How long a bearer token is valid from now on. Does nothing to other credentials.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        if let Method::Token(token) = &mut self.0 {
            token.lifetime = lifetime;
        }
        self
    }

    /// The name of the SASL mechanism.
    pub(super) fn mechanism(&self) -> &'static str {
        match self.0 {
            Method::Password(Mechanism::Plain, ..) => "PLAIN",
            Method::Password(Mechanism::ScramSha256, ..) => "SCRAM-SHA-256",
            Method::Password(Mechanism::ScramSha512, ..) => "SCRAM-SHA-512",
            Method::Token(_) => "OAUTHBEARER",
        }
    }

    /// Whether the client can do it without OpenSSL.
    pub(super) fn needs_openssl(&self) -> bool {
        !matches!(self.0, Method::Password(Mechanism::Plain, ..))
    }

    pub(super) fn user_password(&self) -> Option<(&Secret, &Secret)> {
        match &self.0 {
            Method::Password(_, user, password) => Some((user, password)),
            Method::Token(_) => None,
        }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        match &self.0 {
            Method::Password(..) => None,
            Method::Token(token) => Some(token),
        }
    }

    /// What must not show in the broker's words.
    pub(super) fn secret(&self) -> &Secret {
        match &self.0 {
            Method::Password(_, _, password) => password,
            Method::Token(token) => &token.token,
        }
    }
}

impl fmt::Debug for KafkaAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Method::Password(Mechanism::Plain, ..) => "KafkaAuth::plain(<redacted>)",
            Method::Password(Mechanism::ScramSha256, ..) => "KafkaAuth::scram_sha_256(<redacted>)",
            Method::Password(Mechanism::ScramSha512, ..) => "KafkaAuth::scram_sha_512(<redacted>)",
            Method::Token(_) => "KafkaAuth::oauth_bearer(<redacted>)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_the_method_only() {
        let sentinel = "s3ntinel";
        for auth in [
            KafkaAuth::plain(sentinel, sentinel),
            KafkaAuth::scram_sha_256(sentinel, sentinel),
            KafkaAuth::scram_sha_512(sentinel, sentinel),
            KafkaAuth::oauth_bearer(sentinel).expires_in(Duration::from_secs(1)),
        ] {
            let shown = format!("{auth:?}");
            assert!(
                !shown.contains(sentinel) && shown.starts_with("KafkaAuth::"),
                "{shown}"
            );
        }
    }
}
