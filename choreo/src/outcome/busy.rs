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
}
