//! The order in which the messages of several handles must come.

use std::time::Duration;

use super::{Demand, Expectation};
use crate::ids::Location;
use crate::matcher::envelope::EnvelopePattern;
use crate::outcome::Moment;

impl Expectation {
    /// Whether the messages of both have the same key, or come from the same partition.
    pub(crate) fn keeps_together_with(&self, other: &Self) -> bool {
        let envelopes = self.envelope().zip(other.envelope());
        envelopes.is_some_and(|(one, other)| one.keeps_together_with(other))
    }

    /// What is asked of its messages besides their payloads.
    fn envelope(&self) -> Option<&EnvelopePattern> {
        let wanted = match &self.demand {
            Demand::One(wanted) | Demand::Count(wanted, _) => wanted,
            // The same for each of its patterns.
            Demand::Set(set) => set.patterns().first()?,
        };
        Some(&wanted.envelope)
    }
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
