//! The order in which the messages of several handles must come.

use std::time::{Duration, Instant};

use crate::ids::Location;

/// When a message came; messages of one instant are told apart by the order of their arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    /// A number that grows with each message of the scenario; zero is before all of them.
    pub(crate) arrival: u64,
}

/// One `in_order!`.
#[derive(Debug)]
pub(crate) struct ArrivalOrder {
    handles: Vec<u32>,
    pub(crate) location: Location,
}

/// Two handles whose messages came in the wrong order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reversed {
    /// The one that should have come first.
    pub(crate) first: u32,
    /// The one that came before it.
    pub(crate) second: u32,
    /// By how much.
    pub(crate) by: Duration,
}

impl ArrivalOrder {
    pub(crate) fn new(handles: Vec<u32>, location: Location) -> Self {
        Self { handles, location }
    }

    /// The first pair in the wrong order, neighbours before others. `span` says when the first and the last
    /// message of a handle came.
    pub(crate) fn violation(
        &self,
        span: impl Fn(u32) -> Option<(Moment, Moment)>,
    ) -> Option<Reversed> {
        let count = self.handles.len();
        for distance in 1..count {
            for index in 0..count - distance {
                let (first, second) = (self.handles[index], self.handles[index + distance]);
                if let (Some((_, last)), Some((earliest, _))) = (span(first), span(second))
                    && last > earliest
                {
                    let by = last.at.saturating_duration_since(earliest.at);
                    return Some(Reversed { first, second, by });
                }
            }
        }
        None
    }
}
