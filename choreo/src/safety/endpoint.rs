//! Host and port in one spelling. Knows no credentials: they are cut off before anything is kept.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A host and a port that a transport may open a socket to, normalised, without credentials.
///
/// Two endpoints are equal when they name the same host and port: case, a trailing dot and the
/// spelling of an IP address do not matter. No name is resolved for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// Why a text is no endpoint. Never quotes the text: it could hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is no host in it.
    #[error("there is no host in it; write `host:port` or `scheme://host:port`")]
    NoHost,
    /// The host has characters that a host name cannot have.
    #[error(
        "the host is no host name: only ASCII letters, digits, `-`, `_` and `.` are allowed \
         (one endpoint per entry, an IPv6 address in brackets, a name with other letters as punycode)"
    )]
    Host,
    /// The port is no port.
    #[error("the port is no number from 1 to 65535")]
    Port,
    /// A wildcard where a name is needed.
    #[error("wildcards are not allowed: name every host")]
    Wildcard,
    /// User and password hold characters that make it unclear where they end.
    #[error(
        "it is unclear where user and password end: write `/`, `?`, `#`, `@` and `\\` in them as \
         `%2F`, `%3F`, `%23`, `%40` and `%5C`"
    )]
    Userinfo,
    /// What stands before `://` is no scheme.
    #[error("what stands before `://` is no scheme")]
    Scheme,
}

/// An endpoint as text gives it: the port may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LooseEndpoint {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Endpoint {
    /// An endpoint of a host name or IP address, and a port.
    ///
    /// The host is normalised but not validated; use [`parse`](Self::parse) for text from a user.
    pub fn new(host: impl AsRef<str>, port: u16) -> Self {
        let host = host.as_ref();
        // A URL's authority given by mistake must not bring its password along.
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let bare = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        Self {
            host: normalise(bare),
            port,
        }
    }

    /// Reads `scheme://user:password@host:port/path`, `host:port` or `host`; all but host and port is
    /// dropped. A missing port is that of the scheme (`nats`, `tls`, `amqp`, `amqps`, `redis`,
    /// `rediss`, `kafka`), else `default_port`.
    ///
    /// # Errors
    ///
    /// When there is no valid host, or the port is none. The error does not quote the text.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, EndpointError> {
        let LooseEndpoint { host, port } = LooseEndpoint::parse(text)?;
        Ok(Self {
            host,
            port: port.unwrap_or(default_port),
        })
    }

    /// The host: a name in lower case or an IP address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is this machine by its spelling: 127.0.0.0/8, `::1` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl LooseEndpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if scheme.as_deref().is_some_and(|scheme| !is_scheme(scheme)) {
            return Err(EndpointError::Scheme);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // Readers of URLs disagree on such texts, and a client must not connect to another host than
        // the one that was checked.
        if tail.contains('@') || authority.contains('\\') {
            return Err(EndpointError::Userinfo);
        }
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority)?;
        if host.contains(['*', '>']) {
            return Err(EndpointError::Wildcard);
        }
        let host = normalise(host);
        if host.is_empty() {
            return Err(EndpointError::NoHost);
        }
        if !is_host(&host) {
            return Err(EndpointError::Host);
        }
        let port = match port {
            Some(port) => Some(parse_port(port)?),
            None => scheme.as_deref().and_then(default_port_of),
        };
        Ok(Self { host, port })
    }
}

/// The port that a scheme or a transport's key in the allowlist stands for.
pub(crate) fn default_port_of(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "nats" | "tls" => 4222,
        "kafka" => 9092,
        "amqp" | "rabbitmq" => 5672,
        "amqps" => 5671,
        "redis" | "rediss" => 6379,
        _ => return None,
    })
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), EndpointError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(EndpointError::Host)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(EndpointError::Port),
        };
    }
    // An IPv6 address without brackets leaves no room for a port.
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Ok((authority, None));
    }
    Ok(match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    // `u16::from_str` would take a leading `+`.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointError::Port);
    }
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(EndpointError::Port),
    }
}

fn normalise(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

fn is_host(host: &str) -> bool {
    // Between two dots there is a name: with `a..` for `a.`, which is `a`, one host had several spellings.
    host.parse::<IpAddr>().is_ok()
        || host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, EndpointError> {
        Endpoint::parse(text, 1).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn every_spelling_of_an_endpoint_becomes_one() {
        for (text, expected) in [
            (
                "nats://user:p@ss@Broker.Example.:4333/x?y",
                "broker.example:4333",
            ),
            ("broker", "broker:1"),
            ("BROKER:9", "broker:9"),
            ("nats://broker", "broker:4222"),
            ("amqps://u:p@broker/vhost", "broker:5671"),
            ("rediss://broker/0", "broker:6379"),
            ("kafka://broker", "broker:9092"),
            ("other://broker", "broker:1"),
            ("::1", "[::1]:1"),
            ("[0:0:0:0:0:0:0:1]:7", "[::1]:7"),
            ("tls://[FE80::00Ab]", "[fe80::ab]:4222"),
            ("[::ffff:127.0.0.1]:7", "127.0.0.1:7"),
            (" 10.0.0.1:7 ", "10.0.0.1:7"),
        ] {
            assert_eq!(shown(text), Ok(expected.into()), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_says_why_without_quoting_it() {
        for (text, expected) in [
            ("", EndpointError::NoHost),
            ("nats://", EndpointError::NoHost),
            (":4222", EndpointError::NoHost),
            ("nats://u:sentinel@", EndpointError::NoHost),
            ("broker:", EndpointError::Port),
            ("broker:0", EndpointError::Port),
            ("broker:+5", EndpointError::Port),
            ("broker:65536", EndpointError::Port),
            ("nats://u:sentinel@broker:port", EndpointError::Port),
            ("[::1]7", EndpointError::Port),
            ("*.broker:4222", EndpointError::Wildcard),
            ("a:1,b:2", EndpointError::Host),
            ("bröker", EndpointError::Host),
            ("broker..", EndpointError::Host),
            ("a..b:1", EndpointError::Host),
            (".broker", EndpointError::Host),
            ("[::1", EndpointError::Host),
            ("no scheme://broker", EndpointError::Scheme),
            ("amqp://evil/@localhost", EndpointError::Userinfo),
            ("nats://u:1/sentinel@broker", EndpointError::Userinfo),
            (r"http://evil\@localhost", EndpointError::Userinfo),
        ] {
            let error = Endpoint::parse(text, 1).expect_err(text);
            assert_eq!(error, expected, "{text}");
            assert!(!format!("{error} {error:?}").contains("sentinel"));
        }
    }

    #[test]
    fn loopback_is_told_by_spelling_alone() {
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("[::1]", true),
            ("::ffff:127.0.0.1", true),
            ("localhost", true),
            ("LocalHost.", true),
            ("0.0.0.0", false),
            ("::", false),
            ("128.0.0.1", false),
            ("127.1", false),
            ("2130706433", false),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
        ] {
            assert_eq!(Endpoint::new(host, 1).is_loopback(), expected, "{host}");
        }
        assert_eq!(
            Endpoint::new("user:secret@broker", 1).to_string(),
            "broker:1"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_it_shows_reads_back(text in "\\PC{0,40}") {
            if let Ok(endpoint) = Endpoint::parse(&text, 1) {
                proptest::prop_assert_eq!(Endpoint::parse(&endpoint.to_string(), 2), Ok(endpoint));
            }
        }
    }
}
