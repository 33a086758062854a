//! The errors of opening a harness. What happens inside a scenario is an outcome, not an `Err`.

use crate::correlation::{BridgeError, WithoutId};
use crate::safety::{AllowlistError, Refused};
use crate::transport::TransportError;

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a harness could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<ErrorKind>);

/// What kind of error it is; tests match on this, never on the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The endpoint is neither loopback nor allowed; no socket was opened.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The allowlist cannot be read.
    #[error(transparent)]
    Allowlist(#[from] AllowlistError),
    /// The broker could not be reached, or refused the harness.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The broker that the harness function asked for did not start.
    #[cfg(feature = "broker")]
    #[error(transparent)]
    Broker(crate::broker::StartError),
    /// The harness cannot be opened here, and that is no failure: its scenarios count as skipped.
    #[error("skipped: {0}")]
    Skip(String),
    /// The bridge of a stage does not fit it, or has no id for a scenario.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// The harness says that messages without an id are ignored or fail, and has no policy that gives ids.
    #[error(
        "`.without_id(WithoutId::{0:?})` needs a correlation policy: without one no message has an id, and every \
         scenario sees them all. Write `.correlation(FieldCorrelation::new(\"correlation_id\"))` or another \
         policy, or leave `.without_id(…)` out"
    )]
    WithoutPolicy(WithoutId),
    /// A harness function failed for a reason of its own.
    #[error("{0}")]
    Harness(String),
}

impl Error {
    /// For harness functions: what this harness needs is not here, so its scenarios count as skipped
    /// (and fail where skips are denied, as in CI).
    ///
    /// ```
    /// # use choreo::Error;
    /// let error = Error::skip("nats-server is not installed: `apt-get install nats-server`");
    /// assert_eq!(error.to_string(), "skipped: nats-server is not installed: `apt-get install nats-server`");
    /// ```
    pub fn skip(reason: impl Into<String>) -> Self {
        ErrorKind::Skip(reason.into()).into()
    }

    /// For harness functions: a failure of their own.
    pub fn harness(reason: impl Into<String>) -> Self {
        ErrorKind::Harness(reason.into()).into()
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }
}

impl<K: Into<ErrorKind>> From<K> for Error {
    fn from(kind: K) -> Self {
        Self(Box::new(kind.into()))
    }
}

/// Where there is no such broker on the machine, scenarios are skipped.
#[cfg(feature = "broker")]
impl From<crate::broker::StartError> for ErrorKind {
    fn from(error: crate::broker::StartError) -> Self {
        if error.is_missing() {
            Self::Skip(error.to_string())
        } else {
            Self::Broker(error)
        }
    }
}
