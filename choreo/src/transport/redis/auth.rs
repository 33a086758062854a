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
            user: Some(user.into()),
            password: password.into(),
        }
    }

    /// What a URL gives before the `@`: `user:password`, or `:password`.
    pub(super) fn from_userinfo(userinfo: &str) -> Result<Self, &'static str> {
        let (user, password) = userinfo
            .split_once(':')
            .ok_or("before the `@` stands `user:password`, or `:password` for the default user")?;
        let decode = |text| {
            percent_decode(text).ok_or(
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

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
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
