//! Certificates made at run time: none is stored, none expires in the repository.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use tempfile::TempDir;

use super::StartError;

/// A certificate authority of its own, with its files in a temporary directory.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// When a key cannot be made or a file cannot be written.
    pub fn new() -> Result<Self, StartError> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Choreo test authority");
        let key = KeyPair::generate()?;
        let issuer = CertifiedIssuer::self_signed(params, key)?;
        let directory = tempfile::Builder::new().prefix("choreo-tls-").tempdir()?;
        fs::write(directory.path().join("ca.pem"), issuer.pem())?;
        Ok(Self { issuer, directory })
    }

    /// The authority's certificate, a PEM file.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// An identity for a server at these names and addresses.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn server(&self, names: &[&str]) -> Result<Identity, StartError> {
        self.identity("server", names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// An identity for a client.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn client(&self, name: &str) -> Result<Identity, StartError> {
        self.identity(name, &[name], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn identity(
        &self,
        file: &str,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity, StartError> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, file);
        params.insert_extended_key_usage(usage);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let path = |suffix: &str| -> PathBuf {
            Path::join(self.directory.path(), format!("{file}{suffix}"))
        };
        let identity = Identity {
            certificate: path(".pem"),
            key: path(".key.pem"),
        };
        fs::write(&identity.certificate, certificate.pem())?;
        fs::write(&identity.key, key.serialize_pem())?;
        Ok(identity)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
