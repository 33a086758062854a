//! How a connection proves who it is.

use std::fmt;

use crate::secret::Secret;

/// Credentials for a Redis server. `Debug` shows the method only.
#[derive(Clone)]
pub struct RedisAuth {
    user: Option<Secret>,
    password: Secret,
}

impl RedisAuth {
    /// The password of the default user: the server's `requirepass`.
    pub fn password(password: impl Into<Secret>) -> Self {
        Self {
            user: None,
            password: password.into(),
        }
    }

    /// A user of the server's access control list, and one of its passwords.
    pub fn user_password(user: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self {
            user: Some(user.into().into_name()),
            password: password.into(),
        }
    }

    /// What a URL gives before the `@`: `user:password`, or `:password`.
    pub(super) fn from_userinfo(userinfo: &str) -> Result<Self, &'static str> {
        let (user, password) = userinfo
            .split_once(':')
            .ok_or("before the `@` stands `user:password`, or `:password` for the default user")?;
        let decode = |text| {
            Secret::from_url(text).ok_or(
                "user or password in the URL is not valid percent-encoding: write `%` as `%25`",
            )
        };
        let password = decode(password)?;
        Ok(match user {
            "" => Self::password(password),
            user => Self::user_password(decode(user)?, password),
        })
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_ref().map(Secret::expose)
    }

    pub(super) fn secret(&self) -> &str {
        self.password.expose()
    }
}

impl fmt::Debug for RedisAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.user {
            None => "RedisAuth::password(<redacted>)",
            Some(_) => "RedisAuth::user_password(<redacted>)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[test]
    fn a_url_gives_user_and_password_or_a_password_alone() {
        let shown = |userinfo: &str| {
            RedisAuth::from_userinfo(userinfo)
                .map(|auth| format!("{:?} {}", auth.user(), auth.secret()))
        };
        assert_eq!(
            shown("me:p%40ss%2fword:"),
            Ok(r#"Some("me") p@ss/word:"#.into())
        );
        assert_eq!(shown(":t%6fken"), Ok("None token".into()));
        for malformed in ["%", "me", ":%4", ":%zz", "%ff:x", "me:%+1"] {
            assert!(shown(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn debug_names_the_method_only() {
        for auth in [
            RedisAuth::password(SENTINEL),
            RedisAuth::user_password(SENTINEL, SENTINEL),
        ] {
            let shown = format!("{auth:?}");
            assert!(
                !shown.contains(SENTINEL) && shown.starts_with("RedisAuth::"),
                "{shown}"
            );
        }
    }
}
