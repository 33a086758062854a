//! Encryption of a connection to Redis: what [`Tls`] means to rustls.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::transport::Tls;

/// Encrypts a connection to a host, of which the certificate must hold the name.
pub(super) async fn encrypt(
    tls: &Tls,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| format!("`{host}` is no name that a certificate can have"))?;
    let tls = tls.clone();
    // Reads files, and the machine's store of authorities may be slow.
    let config = tokio::task::spawn_blocking(move || configure(&tls))
        .await
        .map_err(|_| "reading the certificates was interrupted".to_owned())??;
    let connector = TlsConnector::from(Arc::new(config));
    connector
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())
}

fn configure(tls: &Tls) -> Result<ClientConfig, String> {
    // Named here: rustls panics when a program links two kinds of cryptography and has chosen neither.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(authorities(tls)?);
    match tls.client() {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|_| format!("there is no private key in {}", key.display()))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("the client's certificate: {error}"))
        }
    }
}

fn authorities(tls: &Tls) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    if tls.authorities().is_empty() {
        // Some that cannot be read are usual; without any the handshake says what is missing.
        let machine = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(machine.certs);
        return Ok(store);
    }
    for path in tls.authorities() {
        for certificate in certificates(path)? {
            store
                .add(certificate)
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!("there is no certificate in {}", path.display())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
