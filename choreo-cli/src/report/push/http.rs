//! One attempt to post a report; the only place that knows the HTTP client.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::Agent;
use ureq::http::{HeaderMap, HeaderValue};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::target::Target;
use crate::exit::Failure;

/// Bytes of an answer that are read.
const MOST: u64 = 16 * 1024;

/// What is posted.
pub(super) struct Request<'a> {
    pub(super) target: &'a Target,
    pub(super) tenant: &'a str,
    pub(super) key: &'a str,
    pub(super) token: Option<&'a SecretString>,
    pub(super) body: &'a [u8],
}

/// What came of an attempt.
pub(super) enum Attempt {
    Answered(Answer),
    /// There was no answer.
    Failed {
        text: String,
        /// It may be otherwise the next time.
        passing: bool,
    },
}

/// What the server said.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) location: Option<String>,
    /// When it wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// Whether it may be otherwise the next time.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
    }
}

pub(super) struct Client(Agent);

impl Client {
    pub(super) fn new(target: &Target, timeout: Duration) -> Result<Self, Failure> {
        let mut config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // A token goes nowhere but to whom it is for.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("choreo/", env!("CARGO_PKG_VERSION")));
        if target.is_encrypted() {
            config = config.tls_config(encryption()?);
        }
        Ok(Self(config.build().new_agent()))
    }

    pub(super) fn post(&self, request: &Request<'_>) -> Attempt {
        let mut call = self
            .0
            .post(request.target.url())
            .header("Content-Type", "application/json")
            .header("X-Chronicle-Tenant", request.tenant)
            .header("Idempotency-Key", request.key);
        if let Some(token) = request.token {
            let text = format!("Bearer {}", token.expose_secret());
            let Ok(mut value) = HeaderValue::from_str(&text) else {
                // Checked when it was read.
                return Attempt::Failed {
                    text: "the token is none that a header can have".to_owned(),
                    passing: false,
                };
            };
            value.set_sensitive(true);
            call = call.header("Authorization", value);
        }
        match call.send(request.body) {
            Ok(mut response) => {
                let header = |name| text_of(response.headers(), name);
                let (location, retry_after) = (header("location"), header("retry-after"));
                let status = response.status().as_u16();
                let body = response.body_mut().with_config().limit(MOST);
                Attempt::Answered(Answer {
                    status,
                    // It is for people only.
                    text: body.lossy_utf8(true).read_to_string().unwrap_or_default(),
                    location,
                    retry_after: retry_after
                        .and_then(|seconds| seconds.parse().ok())
                        .map(Duration::from_secs),
                })
            }
            Err(error) => Attempt::Failed {
                passing: matches!(
                    error,
                    ureq::Error::Io(_)
                        | ureq::Error::Timeout(_)
                        | ureq::Error::HostNotFound
                        | ureq::Error::ConnectionFailed
                ),
                text: error.to_string(),
            },
        }
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// rustls with ring, and the authorities that this machine trusts.
fn encryption() -> Result<TlsConfig, Failure> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(Failure::usage(
            "this machine has no certificates of authorities, so no server can be trusted; install them (Debian: ca-certificates)",
        ));
    }
    let certificates = found
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
