//! What handles have that expect another number of messages than one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::codec::Incoming;
use crate::ids::Location;

/// When a message came; messages of one instant are told apart by the order of their arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    /// A number that grows with each message of the scenario; zero is before all of them.
    pub(crate) arrival: u64,
}

/// The number that was wanted, and what came.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) wants: Wants,
    /// How long nothing further may come.
    pub(crate) quiet: Duration,
    /// Messages that matched and were allowed.
    pub(crate) count: u64,
    /// Those after the first, as far as they are kept.
    pub(crate) more: Vec<Arc<Incoming>>,
    pub(crate) violation: Option<Violation>,
    /// A broker gave no sign of life when the time was over.
    pub(crate) unheard: bool,
}

impl Tally {
    pub(crate) fn new(wants: Wants, quiet: Duration, count: u64) -> Box<Self> {
        Box::new(Self {
            wants,
            quiet,
            count,
            more: Vec::new(),
            violation: None,
            unheard: false,
        })
    }

    /// Whether its message must not come.
    pub(crate) fn forbids(&self) -> bool {
        matches!(self.wants, Wants::Count { most: Some(0), .. })
    }

    /// Whether it is more than a limit to what may come.
    pub(crate) fn needs_message(&self) -> bool {
        !matches!(self.wants, Wants::Count { least: 0, .. })
    }
}

/// The number of messages that was wanted.
#[derive(Debug)]
pub(crate) enum Wants {
    Count {
        least: u64,
        most: Option<u64>,
    },
    Set {
        size: usize,
        /// The patterns that no message satisfied, in words.
        missing: Vec<String>,
    },
}

/// The message that broke an expectation by coming.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) message: Arc<Incoming>,
    pub(crate) cause: Cause,
}

/// Why it must not have come.
#[derive(Debug)]
pub(crate) enum Cause {
    /// There were enough: so long after the last that was allowed, or after the window had opened where none
    /// is.
    TooMany { after: Duration },
    /// Its value is smaller than that of the message before.
    Disorder(Disorder),
}

/// Values of two neighbours that are not in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Disorder {
    pub(crate) path: String,
    pub(crate) before: Option<Value>,
    pub(crate) value: Option<Value>,
}

/// Two handles whose messages came in the wrong order.
#[derive(Debug)]
pub(crate) struct OutOfOrder {
    /// Where the order was asked for.
    pub(crate) location: Location,
    /// The handle that should have come first.
    pub(crate) first: u32,
    /// The handle that came before it.
    pub(crate) second: u32,
    pub(crate) by: Duration,
}
