//! What every handle has when it has ended, whatever its message type.

use std::sync::Arc;
use std::time::Duration;

use super::{Moment, NearMiss, Outcome, Tally};
use crate::codec::Incoming;
use crate::dispatch::TopicTraffic;
use crate::ids::Location;
use crate::matcher::Pattern;
use crate::matcher::pattern::Shape;

/// A pattern that can say what it wants; a passing scenario does not ask.
pub(crate) trait Describe: Send + Sync {
    fn describe(&self) -> String;

    /// The same as data, where it is a pattern of the pattern language.
    fn shape(&self) -> Option<Shape>;
}

/// By when the messages of a handle had to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// After the trigger, or the message of `since`.
    pub(crate) after: Duration,
    /// It decided the handle.
    pub(crate) missed: bool,
    /// A message that was right, had it come before.
    pub(crate) late: Option<Late>,
}

/// A message that came after a deadline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Late {
    /// How long after it.
    pub(crate) by: Duration,
    pub(crate) moment: Moment,
}

/// What every handle has, whatever its message type.
pub(crate) struct HandleData {
    /// The transport, as an index into the result's legs.
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    /// The pattern in words, unless a message matched.
    pub(crate) expected: Option<String>,
    /// What was wanted.
    pub(crate) pattern: Box<dyn Describe>,
    /// The handle whose message starts the clock; the trigger otherwise.
    pub(crate) since: Option<u32>,
    /// The pattern, if it captures something.
    pub(crate) capturing: Option<Pattern>,
    pub(crate) location: Location,
    pub(crate) outcome: Outcome,
    /// When the message came that satisfied it, of several the last that was needed.
    pub(crate) satisfied_at: Option<Moment>,
    /// When its first and its last message came.
    pub(crate) span: Option<(Moment, Moment)>,
    pub(crate) latency: Option<Duration>,
    pub(crate) budget: Option<Duration>,
    pub(crate) deadline: Option<Deadline>,
    /// From the trigger to the end, or to the deadline that decided it.
    pub(crate) waited: Duration,
    /// Something else ended the scenario while this was open.
    pub(crate) interrupted: bool,
    pub(crate) near_misses: Vec<NearMiss>,
    pub(crate) near_miss_count: u64,
    /// The message that matched, the first of several.
    pub(crate) incoming: Option<Arc<Incoming>>,
    /// Where another number of messages than one was expected.
    pub(crate) tally: Option<Box<Tally>>,
    /// Its first near miss ended the scenario.
    pub(crate) failed_fast: bool,
    pub(crate) error: Option<String>,
    /// What else a person has to know of its pattern: what became of a snapshot's file.
    pub(crate) note: Option<String>,
    pub(crate) traffic: TopicTraffic,
}

impl HandleData {
    /// Pass, or slow when the message came over its budget.
    pub(crate) fn by_budget(&self) -> Outcome {
        match self.latency.zip(self.budget) {
            Some((took, may)) if took > may => Outcome::Slow,
            _ => Outcome::Pass,
        }
    }

    /// The deadline that decided it.
    pub(crate) fn missed(&self) -> Option<Deadline> {
        self.deadline.filter(|deadline| deadline.missed)
    }

    /// Its message must not come.
    pub(crate) fn forbids(&self) -> bool {
        self.tally.as_ref().is_some_and(|tally| tally.forbids())
    }

    /// Something else ended the scenario in the window of an expectation that needs no message.
    pub(crate) fn is_unjudged(&self) -> bool {
        self.interrupted
            && self
                .tally
                .as_ref()
                .is_some_and(|tally| !tally.needs_message())
    }
}
