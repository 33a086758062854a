//! What else was going on.

use std::sync::Arc;

/// A topic that messages came on while the scenario ran.
#[derive(Debug)]
pub(crate) struct BusyTopic {
    /// The transport, as an index into the result's legs.
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    pub(crate) received: usize,
    /// So many are remembered, and more may have come.
    pub(crate) or_more: bool,
    /// Nobody listens there: the harness watches it.
    pub(crate) overheard: bool,
}

/// A topic that may be a slip of the pen for one that stayed silent.
#[derive(Debug)]
pub(crate) struct Slip {
    /// The transport of both, as an index into the result's legs.
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    /// The one that stayed silent.
    pub(crate) silent: Arc<str>,
    pub(crate) known: SlipKnown,
}

/// What is known of the messages on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlipKnown {
    /// The broker says that one reached nobody.
    Unread,
    /// One of the scenario's came on it, where nothing of the scenario listens.
    Overheard,
    /// The scenario sent one there and does not listen; what others do, the broker does not tell.
    Sent,
}
