//! How a connection proves who it is.

use std::fmt;

use lapin::auth::AuthProvider;
use lapin::types::{LongString, ShortString};

use crate::secret::Secret;

/// Credentials for RabbitMQ. `Debug` shows the method only.
#[derive(Clone)]
pub struct RabbitAuth(Method);

#[derive(Clone)]
enum Method {
    Password(Secret, Secret),
    External,
}

impl RabbitAuth {
    /// A user name and a password (mechanism PLAIN).
    pub fn password(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self(Method::Password(user.into().into_name(), password.into()))
    }

    /// The name in the client's certificate (mechanism EXTERNAL): give the certificate with
    /// [`Tls::client_cert`](crate::transport::Tls::client_cert). The server needs its plugin
    /// `rabbitmq_auth_mechanism_ssl`.
    pub fn external() -> Self {
        Self(Method::External)
    }

    /// Who connects when nobody says anything else: RabbitMQ lets this user in from its own machine.
    pub(super) fn guest() -> Self {
        Self::password("guest", "guest")
    }

    pub(super) fn is_external(&self) -> bool {
        matches!(self.0, Method::External)
    }
}

impl fmt::Debug for RabbitAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Method::Password(..) => "RabbitAuth::password(<redacted>)",
            Method::External => "RabbitAuth::external()",
        })
    }
}

impl AuthProvider for RabbitAuth {
    fn mechanism(&self) -> ShortString {
        match self.0 {
            Method::Password(..) => "PLAIN".into(),
            Method::External => "EXTERNAL".into(),
        }
    }

    fn auth_starter(&self) -> Result<LongString, String> {
        Ok(match &self.0 {
            Method::Password(user, password) => {
                format!("\0{}\0{}", user.expose(), password.expose()).into()
            }
            Method::External => "".into(),
        })
    }

    fn continue_auth(&self, _challenge: LongString) -> Result<LongString, String> {
        // The challenge is not quoted: it may hold what we sent.
        Err("the server asks a question that this kind of log-in has no answer to".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_the_method_only_and_the_server_gets_the_password() {
        let auth = RabbitAuth::password("s3ntinel-user", "s3ntinel");
        assert!(!format!("{auth:?} {auth:#?}").contains("s3ntinel"));
        let sent = auth.auth_starter().expect("no error");
        assert_eq!(sent.as_bytes(), b"\0s3ntinel-user\0s3ntinel");
        assert_eq!(RabbitAuth::external().mechanism().as_str(), "EXTERNAL");
    }
}
