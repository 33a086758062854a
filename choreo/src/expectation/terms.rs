//! What an expectation says besides its pattern: time, numbers, and what is around the payload.

use std::time::Duration;

use super::Limits;
use crate::ids::Location;
use crate::matcher::Path;
use crate::matcher::envelope::EnvelopePattern;

/// What an expectation says besides its topic and the pattern of its payload.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) location: Location,
    /// The latency budget.
    pub(crate) within: Option<Duration>,
    /// How long it may take at most.
    pub(crate) deadline: Option<Duration>,
    /// The scenario and the number of the handle whose message starts the clock.
    pub(crate) since: Option<(u64, u32)>,
    pub(crate) envelope: EnvelopePattern,
    /// How many messages; one, and those after it not looked at, where nothing is said.
    pub(crate) limits: Option<Limits>,
    /// How long nothing further may come.
    pub(crate) quiet: Option<Duration>,
    pub(crate) ordered_by: Option<Path>,
    /// The first near miss decides it.
    pub(crate) fail_fast: bool,
    /// What came or not counts although no ids keep scenarios apart.
    pub(crate) unrouted: bool,
}

impl Terms {
    pub(crate) fn at(location: Location) -> Self {
        Self {
            location,
            within: None,
            deadline: None,
            since: None,
            envelope: EnvelopePattern::default(),
            limits: None,
            quiet: None,
            ordered_by: None,
            fail_fast: false,
            unrouted: false,
        }
    }

    /// The numbers, with everything that goes with them.
    pub(super) fn limits(&mut self) -> Option<Limits> {
        let mut limits = self.limits.take()?;
        if let Some(quiet) = self.quiet {
            limits = limits.quiet_for(quiet);
        }
        limits.ordered_by = self.ordered_by.take();
        Some(limits)
    }
}
