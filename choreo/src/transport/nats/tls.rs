//! Encryption of a connection to NATS.

use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use async_nats::rustls::crypto::{CryptoProvider, ring};

/// TLS for a connection: required as soon as it is given.
///
/// The server's name is checked against the host of its URL.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Tls {
    authorities: Vec<PathBuf>,
    client: Option<(PathBuf, PathBuf)>,
    handshake_first: bool,
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

    /// Encrypts before the server's first line, for servers with `handshake_first`.
    pub fn handshake_first(mut self) -> Self {
        self.handshake_first = true;
        self
    }

    /// The first file that is not there, with the system's words: the client library would not name it.
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

    pub(super) fn apply(&self, mut options: ConnectOptions) -> ConnectOptions {
        options = options.require_tls(true);
        for path in &self.authorities {
            options = options.add_root_certificates(path.clone());
        }
        if let Some((certificate, key)) = &self.client {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        if self.handshake_first {
            options = options.tls_first();
        }
        options
    }
}

/// Makes sure that rustls knows which cryptography to use: it panics when a program links two and has
/// chosen neither. A choice that the program has made stays.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
}

fn unreadable(path: &Path) -> Option<String> {
    let error = std::fs::File::open(path).err()?;
    Some(format!("cannot read {}: {error}", path.display()))
}
