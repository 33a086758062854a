//! The address that a report is posted to.

use std::fmt;
use std::net::IpAddr;

use crate::exit::Failure;

/// An address without user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    url: String,
    host: String,
    encrypted: bool,
}

impl Target {
    /// Reads an address. None of it is shown when it may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let refuse = |what: &str| Err(Failure::usage(what.to_owned()));
        let (encrypted, rest) = if let Some(rest) = url.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = url.strip_prefix("http://") {
            (false, rest)
        } else {
            return refuse("the address of the server begins with https:// or http://");
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return refuse(
                "the address holds a user or a password; give a token in the environment variable CHOREO_CHRONICLE_TOKEN instead",
            );
        }
        if rest.contains('#') || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refuse("the address has a blank or a `#`, which no server can be asked for");
        }
        let host = match authority.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        if host.is_empty() {
            return refuse("the address names no server");
        }
        Ok(Self {
            url: url.to_owned(),
            host: host.to_owned(),
            encrypted,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether nobody on the way can read what is sent.
    pub(super) fn is_private(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.encrypted || self.host == "localhost" || address.is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Target {
    /// Without the query, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.url.split_once('?') {
            Some((url, _)) => write!(f, "{url}?…"),
            None => f.write_str(&self.url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let target =
            Target::parse("https://chronicle.example:8443/api?key=abc").expect("it is one");
        assert!(target.is_private());
        assert_eq!(target.to_string(), "https://chronicle.example:8443/api?…");
        for (url, private) in [
            ("http://127.0.0.1:80/", true),
            ("http://[::1]:80", true),
            ("http://localhost", true),
            ("http://chronicle.example", false),
            ("http://localhost.example", false),
        ] {
            let target = Target::parse(url).expect("it is one");
            assert_eq!(target.is_private(), private, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_shown() {
        for url in [
            "chronicle.example",
            "ftp://host/",
            "https://",
            "https://bob:s3ntinel@host/",
            "https://host/#s3ntinel",
            "https://host/a s3ntinel",
        ] {
            let failure = Target::parse(url).expect_err("it is none").to_string();
            assert!(!failure.contains("s3ntinel"), "{failure}");
        }
    }
}
