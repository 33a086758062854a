//! Taking a URL apart: where, which virtual host, and what stands before the `@`.

use super::auth::RabbitAuth;
use crate::safety::Endpoint;
use crate::secret::Secret;

const PLAIN_PORT: u16 = 5672;
const ENCRYPTED_PORT: u16 = 5671;

/// The virtual host that every RabbitMQ has.
const DEFAULT_VHOST: &str = "/";

/// A broker, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    pub(super) encrypted: bool,
    pub(super) vhost: String,
}

/// Reads `amqp://user:password@host:port/vhost`. Errors quote nothing of it.
pub(super) fn read(url: &str) -> Result<(Place, Option<RabbitAuth>), String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("amqp", url));
    let (encrypted, default_port) = match scheme.to_ascii_lowercase().as_str() {
        "amqp" => (false, PLAIN_PORT),
        "amqps" => (true, ENCRYPTED_PORT),
        _ => return Err("its scheme must be `amqp` or `amqps`".into()),
    };
    // `Endpoint::parse` reads past a second one, and what is behind it would be taken for something else here.
    if rest.contains("://") {
        return Err("it has two schemes".into());
    }
    let endpoint = Endpoint::parse(rest, default_port).map_err(|error| error.to_string())?;
    if rest.contains(['?', '#']) {
        return Err(
            "it has options behind `?` or `#`, which are not read: use the methods of `Rabbit`, and write \
             these characters in a name as `%3F` and `%23`"
                .into(),
        );
    }
    let (authority, vhost) = rest.split_once('/').unwrap_or((rest, ""));
    let decoded = |text: &str| {
        Secret::from_url(text).ok_or(
            "user, password or virtual host is not valid percent-encoding: write `%` as `%25`",
        )
    };
    let vhost = match decoded(vhost)?.into_name().expose() {
        "" => DEFAULT_VHOST.to_owned(),
        name => name.to_owned(),
    };
    // `Endpoint::parse` has made sure that an `@` stands nowhere else.
    let auth = match authority.rsplit_once('@') {
        None => None,
        Some((userinfo, _)) => {
            let (user, password) = userinfo.split_once(':').ok_or(
                "it has a user without a password: write `user:password@`, or use `.auth(…)`",
            )?;
            Some(RabbitAuth::password(decoded(user)?, decoded(password)?))
        }
    };
    let place = Place {
        endpoint,
        encrypted,
        vhost,
    };
    Ok((place, auth))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[test]
    fn a_url_gives_host_port_and_virtual_host() {
        for (url, endpoint, encrypted, vhost) in [
            ("amqp://Broker.Example", "broker.example:5672", false, "/"),
            ("amqps://[::1]/", "[::1]:5671", true, "/"),
            ("127.0.0.1:5000/a%2Fb", "127.0.0.1:5000", false, "a/b"),
            ("amqp://u:p@localhost/%2F", "localhost:5672", false, "/"),
        ] {
            let (place, _) = read(url).expect("a place");
            assert_eq!(place.endpoint.to_string(), endpoint, "{url}");
            assert_eq!(
                (place.encrypted, &*place.vhost),
                (encrypted, vhost),
                "{url}"
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_without_the_password() {
        for (url, part) in [
            (format!("http://u:{SENTINEL}@x"), "scheme must be"),
            (format!("amqp://u:{SENTINEL}@x:port"), "port is no number"),
            (format!("amqp://u:%zz{SENTINEL}@x"), "percent-encoding"),
            (format!("amqps://amqp://u:{SENTINEL}@x"), "two schemes"),
            (
                format!("amqp://u:1/{SENTINEL}@x"),
                "where user and password end",
            ),
            (format!("amqp://{SENTINEL}@x"), "without a password"),
            (
                format!("amqp://u:{SENTINEL}@x/?heartbeat=1"),
                "options behind",
            ),
        ] {
            let error = read(&url).expect_err("no place");
            assert!(error.contains(part), "{error}");
            assert!(!error.contains(SENTINEL), "{error}");
        }
    }
}
