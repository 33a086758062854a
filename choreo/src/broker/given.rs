//! A broker that is there already: its URL from the environment, user and password taken out of it.

use std::env;

use super::provision::Login;
use crate::secret::Secret;

/// A URL without credentials, and the credentials.
pub(super) struct Given {
    pub(super) url: String,
    pub(super) login: Option<Login>,
}

/// A variable that is set to something.
pub(super) fn from_environment(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Takes a URL apart; it may do without its scheme. The problem, if there is one, does not repeat the URL: it could hold a password.
pub(super) fn read_url(text: &str) -> Result<Given, &'static str> {
    let (scheme, rest) = text
        .find("://")
        .map_or(("", text), |at| text.split_at(at + 3));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    if scheme == "://" || host.is_empty() {
        return Err("names no host");
    }
    let login = userinfo.map(login).transpose()?;
    Ok(Given {
        url: format!("{scheme}{host}{path}"),
        login,
    })
}

/// `user:password`, or a secret alone.
fn login(userinfo: &str) -> Result<Login, &'static str> {
    let (user, password) = userinfo.split_once(':').unwrap_or(("", userinfo));
    let decode =
        |text| Secret::from_url(text).ok_or("has a user or password that is not percent-encoded");
    Ok(Login {
        user: decode(user)?.into_name().expose().to_owned(),
        password: decode(password)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out() {
        for (text, url, login) in [
            ("nats://h:1", "nats://h:1", None),
            ("kafka://u:p@h:1,i:2", "kafka://h:1,i:2", Some(("u", "p"))),
            ("h:1,i:2", "h:1,i:2", None),
            ("nats://token@h:1", "nats://h:1", Some(("", "token"))),
            ("redis://:p@h/2", "redis://h/2", Some(("", "p"))),
            (
                "amqp://u:a%40b%2F@h/%2F",
                "amqp://h/%2F",
                Some(("u", "a@b/")),
            ),
            ("redis://u:a@b@h?x=@", "redis://h?x=@", Some(("u", "a@b"))),
        ] {
            let given = read_url(text).expect(text);
            assert_eq!(given.url, url);
            let found = given.login.as_ref();
            let found = found.map(|login| (login.user.as_str(), login.password.expose()));
            assert_eq!(found, login, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "nats://",
            "nats://u:p@",
            "://h",
            "nats://u:%zz@h",
            "nats://u:%+1@h",
        ] {
            assert!(read_url(text).is_err(), "{text}");
        }
    }
}
