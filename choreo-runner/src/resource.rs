//! What scenarios share: opened at most once for a run, closed at its end.

use crate::case::BoxFuture;

/// Something that scenarios need and share, such as a connection to a broker.
///
/// Two resources are the same if they are the same static.
pub trait Resource: Send + Sync {
    /// The name to show in messages about this resource.
    fn name(&self) -> &str;

    /// Opens the resource. Called at most once for a run, when the first scenario needs it.
    ///
    /// # Errors
    ///
    /// [`OpenError::Failed`] if the resource cannot be used; [`OpenError::Skip`] if what it needs
    /// is not installed on this machine, so that its scenarios cannot run here.
    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>>;

    /// Closes the resource. Called once, after the last scenario, if [`open`](Self::open)
    /// succeeded.
    fn close(&'static self) -> BoxFuture<'static, ()>;
}

/// What an open resource offers to its scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Whether scenarios can run side by side on this resource without seeing each other's
    /// messages. If not, they run one at a time.
    pub isolated: bool,
}

/// Why a resource is not available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It cannot be used; its scenarios end with an error. The text is shown to the user in full.
    #[error("{0}")]
    Failed(String),
    /// What it needs is not present on this machine; its scenarios are skipped. The text says
    /// what is missing.
    #[error("{0}")]
    Skip(String),
}
