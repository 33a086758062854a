//! What both transports are told: where, who, how encrypted, and how long a connect may take.

use std::time::Duration;

use super::auth::RedisAuth;
use super::dial::Dialer;
use crate::secret::{Credentials, Secret};
use crate::transport::{Endpoint, Tls, TransportError};

const DEFAULT_PORT: u16 = 6379;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Settings {
    server: Option<Server>,
    /// What is wrong with the settings; said at connect, where errors have a way out.
    problem: Option<String>,
    url_auth: Option<Credentials<RedisAuth>>,
    pub(super) auth: Option<Credentials<RedisAuth>>,
    pub(super) tls: Option<Tls>,
    pub(super) connect_timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Server {
    endpoint: Endpoint,
    encrypted: bool,
    database: u32,
}

impl Settings {
    pub(super) fn new(url: &str) -> Self {
        let mut settings = Self {
            server: None,
            problem: None,
            url_auth: None,
            auth: None,
            tls: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        };
        match read_url(url) {
            Ok((server, userinfo)) => {
                settings.server = Some(server);
                match userinfo.map(|userinfo| RedisAuth::from_userinfo(userinfo.expose())) {
                    None => {}
                    Some(Ok(auth)) => settings.url_auth = Some(Credentials::value(auth)),
                    Some(Err(reason)) => settings.complain(reason),
                }
            }
            Err(reason) => settings.complain(&format!("the server's URL: {reason}")),
        }
        settings
    }

    /// Keeps the first problem.
    pub(super) fn complain(&mut self, problem: &str) {
        self.problem.get_or_insert_with(|| problem.to_owned());
    }

    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        self.server
            .iter()
            .map(|server| server.endpoint.clone())
            .collect()
    }

    /// What opens connections, if the settings make sense.
    pub(super) fn dialer(&self) -> Result<Dialer, TransportError> {
        let credentials = match (&self.url_auth, &self.auth) {
            (Some(_), Some(_)) => Err(
                "credentials are given twice, in the URL and with `.auth(…)`: keep one".to_owned(),
            ),
            (url_auth, auth) => Ok(url_auth.as_ref().or(auth.as_ref()).cloned()),
        };
        let missing_file = self.tls.as_ref().and_then(Tls::missing_file);
        let problem = self.problem.clone().or(missing_file);
        let (server, credentials) = match (problem, &self.server, credentials) {
            (None, Some(server), Ok(credentials)) => (server, credentials),
            (problem, _, credentials) => {
                return Err(TransportError::Connect {
                    endpoint: self.address(),
                    reason: problem
                        .or(credentials.err())
                        .unwrap_or_else(|| "no server is given".into()),
                });
            }
        };
        let implied = server.encrypted.then(Tls::new);
        Ok(Dialer {
            endpoint: server.endpoint.clone(),
            database: server.database,
            credentials,
            tls: self.tls.clone().or(implied),
            bound: self.connect_timeout,
            address: self.address(),
        })
    }

    /// The server, for messages.
    pub(super) fn address(&self) -> String {
        match &self.server {
            Some(server) => format!("Redis at {}", server.endpoint),
            None => "Redis".into(),
        }
    }

    pub(super) fn too_late(&self) -> TransportError {
        let bound = self.connect_timeout;
        TransportError::Connect {
            endpoint: self.address(),
            reason: format!("it took longer than {bound:?} (see `connect_timeout`)"),
        }
    }
}

/// Takes a URL apart: where, and what stands before the `@`.
fn read_url(url: &str) -> Result<(Server, Option<Secret>), String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let encrypted = match scheme.to_ascii_lowercase().as_str() {
        "redis" => false,
        "rediss" => true,
        _ => return Err("its scheme must be `redis` or `rediss`".into()),
    };
    // `Endpoint::parse` reads past a second one, and what is behind it would be taken for something else here.
    if rest.contains("://") {
        return Err("it has two schemes".into());
    }
    let endpoint = Endpoint::parse(rest, DEFAULT_PORT).map_err(|error| error.to_string())?;
    // `Endpoint::parse` has made sure that an `@` stands nowhere else.
    let (userinfo, rest) = match rest.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(Secret::from(userinfo)), rest),
        None => (None, rest),
    };
    if rest.contains(['?', '#']) {
        return Err(
            "it has parameters after `?` or `#`, which are not understood: use the methods of the \
             transport"
                .into(),
        );
    }
    let database = match rest.split_once('/') {
        None | Some((_, "")) => 0,
        Some((_, number)) => number
            .parse()
            .map_err(|_| "after the `/` stands the number of a database, such as `/0`")?,
    };
    let server = Server {
        endpoint,
        encrypted,
        database,
    };
    Ok((server, userinfo))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[test]
    fn a_url_is_taken_apart_and_its_password_shows_nowhere() {
        for (url, endpoint, encrypted, database, has_user) in [
            ("Broker", "broker:6379", false, 0, false),
            ("redis://[::1]:7/", "[::1]:7", false, 0, false),
            ("rediss://me:s3ntinel@b/15", "b:6379", true, 15, true),
            ("redis://:s3ntinel@b:1/2", "b:1", false, 2, true),
        ] {
            let settings = Settings::new(url);
            let server = settings.server.clone().expect("it is fine");
            assert_eq!(server.endpoint.to_string(), endpoint);
            assert_eq!((server.encrypted, server.database), (encrypted, database));
            assert_eq!(settings.url_auth.is_some(), has_user);
            let dialer = settings.dialer().expect("it is fine");
            assert_eq!(dialer.tls.is_some(), encrypted);
            assert!(!format!("{settings:?} {}", settings.address()).contains(SENTINEL));
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_named_without_the_password() {
        for (url, expected) in [
            (
                "http://u:s3ntinel@x",
                "its scheme must be `redis` or `rediss`",
            ),
            ("redis://u:s3ntinel@x:port", "the port is no number"),
            ("redis://u:%zzs3ntinel@x", "percent-encoding"),
            ("redis://s3ntinel@x", "`:password` for the default user"),
            ("redis://u:1/s3ntinel@x", "where user and password end"),
            ("redis://u:s3ntinel@x/one", "the number of a database"),
            ("redis://u:s3ntinel@x/-1", "the number of a database"),
            (
                "redis://u:s3ntinel@x/0?protocol=resp3",
                "parameters after `?`",
            ),
            ("redis://", "no host"),
        ] {
            let settings = Settings::new(url);
            let error = settings.dialer().map(drop).expect_err(url);
            assert!(error.to_string().contains(expected), "{error}");
            assert!(
                !format!("{error} {error:?} {settings:?}").contains(SENTINEL),
                "{error}"
            );
        }
        let mut twice = Settings::new("redis://u:s3ntinel@x");
        twice.auth = Some(Credentials::value(RedisAuth::password(SENTINEL)));
        let error = twice.dialer().map(drop).expect_err("two");
        assert!(
            error.to_string().contains("credentials are given twice"),
            "{error}"
        );
    }
}
