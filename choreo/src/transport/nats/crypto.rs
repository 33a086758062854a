//! Encryption of a connection to NATS: what [`Tls`] means to its client.

use async_nats::ConnectOptions;
use async_nats::rustls::crypto::{CryptoProvider, ring};

use crate::transport::Tls;

pub(super) fn apply(tls: &Tls, mut options: ConnectOptions) -> ConnectOptions {
    options = options.require_tls(true);
    for path in tls.authorities() {
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = tls.client() {
        options = options.add_client_certificate(certificate.into(), key.into());
    }
    options
}

/// Makes sure that rustls knows which cryptography to use: it panics when a program links two and has
/// chosen neither. A choice that the program has made stays.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
}
