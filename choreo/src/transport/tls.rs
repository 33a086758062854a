//! Encryption of a connection, as a user asks for it; each transport tells its client.

use std::path::PathBuf;

/// TLS for a connection: required as soon as it is given.
///
/// The server's name is checked against the host that was connected to.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Tls {
    authorities: Vec<PathBuf>,
    client: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// TLS that trusts the certificate authorities of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificate authorities in a PEM file, and no longer those of this machine.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities.push(path.into());
        self
    }

    /// Shows the server a certificate (mutual TLS): a PEM file each for the certificate and its key.
    pub fn client_cert(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client = Some((certificate.into(), key.into()));
        self
    }
}

/// For the transports; a build without any has no use for it.
#[cfg(any(
    feature = "nats",
    feature = "kafka-tls",
    feature = "rabbitmq",
    feature = "redis"
))]
impl Tls {
    /// PEM files of authorities; none means those of this machine.
    pub(super) fn authorities(&self) -> &[PathBuf] {
        &self.authorities
    }

    /// PEM files of the client's certificate and its key.
    pub(super) fn client(&self) -> Option<(&std::path::Path, &std::path::Path)> {
        let (certificate, key) = self.client.as_ref()?;
        Some((certificate, key))
    }

    /// The first file that cannot be read, with the system's words: client libraries would not name it.
    pub(super) fn missing_file(&self) -> Option<String> {
        let client = self
            .client
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        self.authorities
            .iter()
            .chain(client)
            .find_map(|path| unreadable(path))
    }
}

#[cfg(any(
    feature = "nats",
    feature = "kafka-tls",
    feature = "rabbitmq",
    feature = "redis"
))]
fn unreadable(path: &std::path::Path) -> Option<String> {
    let error = std::fs::File::open(path).err()?;
    Some(format!("cannot read {}: {error}", path.display()))
}
