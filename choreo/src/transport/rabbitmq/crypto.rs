//! Encryption of a connection to RabbitMQ: what [`Tls`] means to its client.

use std::path::Path;

use lapin::tcp::{RustlsConnector, RustlsConnectorConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::transport::Tls;

/// Reads the files; the error names the one that is at fault.
pub(super) fn connector(tls: &Tls) -> Result<RustlsConnector, String> {
    let unusable = |error: std::io::Error| format!("TLS cannot be set up: {error}");
    let mut config = if tls.authorities().is_empty() {
        RustlsConnectorConfig::new_with_native_certs().map_err(unusable)?
    } else {
        RustlsConnectorConfig::default()
    };
    for path in tls.authorities() {
        config.add_parsable_certificates(certificates(path)?);
    }
    match tls.client() {
        None => config.connector_with_no_client_auth().map_err(unusable),
        Some((certificate, key)) => {
            let private = PrivateKeyDer::from_pem_file(key)
                .map_err(|_| format!("{} holds no private key in PEM format", key.display()))?;
            config
                .connector_with_single_cert(certificates(certificate)?, private)
                .map_err(unusable)
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if read.is_empty() {
        return Err(format!(
            "{} holds no certificate in PEM format",
            path.display()
        ));
    }
    Ok(read)
}
