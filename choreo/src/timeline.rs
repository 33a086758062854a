//! What happened in a scenario, in order; bounded, with the drops counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries that are kept; older ones are dropped and counted.
const KEPT: usize = 256;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimelineAction {
    /// The broker has confirmed every subscription.
    Ready,
    /// The test triggered the system by other means than a message.
    Began,
    /// The test published a message.
    Published,
    /// A message came that no expectation looked at any more.
    Received,
    /// A message matched an expectation.
    Matched,
    /// A message came and was wrong.
    NearMiss,
    /// A message came that must not have come: the scenario ends as fail.
    Violation,
    /// A reply went out; the topic is the trigger's.
    Replied,
    /// A reply could not be sent; the topic is the trigger's.
    ReplyFailed,
    /// The time was up.
    Deadline,
    /// Something ended the scenario.
    Error,
}

impl TimelineAction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Began => "began",
            Self::Published => "published",
            Self::Received => "received",
            Self::Matched => "matched",
            Self::NearMiss => "near miss",
            Self::Violation => "violation",
            Self::Replied => "replied",
            Self::ReplyFailed => "reply failed",
            Self::Deadline => "deadline",
            Self::Error => "error",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// Since the scenario was opened.
    pub offset: Duration,
    /// What.
    pub action: TimelineAction,
    /// On which transport of a stage; none when the scenario has one transport only.
    pub transport: Option<Arc<str>>,
    /// Where, when it has a topic.
    pub topic: Option<Arc<str>>,
    /// More, in words; often empty.
    pub detail: String,
}

/// Where something happened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    pub(crate) transport: Option<&'a Arc<str>>,
    pub(crate) topic: Option<&'a Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct Timeline {
    start: Instant,
    entries: VecDeque<TimelineEntry>,
    dropped: u64,
}

impl Timeline {
    pub(crate) fn starting_at(start: Instant) -> Self {
        Self {
            start,
            entries: VecDeque::new(),
            dropped: 0,
        }
    }

    pub(crate) fn record(
        &mut self,
        at: Instant,
        action: TimelineAction,
        place: Place<'_>,
        detail: impl Into<String>,
    ) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        let offset = at.saturating_duration_since(self.start);
        let entry = TimelineEntry {
            offset,
            action,
            transport: place.transport.cloned(),
            topic: place.topic.cloned(),
            detail: detail.into(),
        };
        // Receipt instants are taken before their entry is made: keep the order of time, not of calls.
        match self.entries.back() {
            Some(last) if last.offset > offset => {
                let place = self
                    .entries
                    .iter()
                    .rposition(|other| other.offset <= offset)
                    .map_or(0, |i| i + 1);
                self.entries.insert(place, entry);
            }
            _ => self.entries.push_back(entry),
        }
    }

    pub(crate) fn finish(&mut self) -> (Vec<TimelineEntry>, u64) {
        (std::mem::take(&mut self.entries).into(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_time_and_counts_drops() {
        let start = Instant::now();
        let mut timeline = Timeline::starting_at(start);
        let at = |ms| start + Duration::from_millis(ms);
        timeline.record(at(2), TimelineAction::Published, Place::default(), "");
        timeline.record(at(1), TimelineAction::Ready, Place::default(), "");
        for _ in 0..KEPT {
            timeline.record(at(3), TimelineAction::Received, Place::default(), "");
        }
        timeline.record(at(2), TimelineAction::Matched, Place::default(), "");
        let (entries, dropped) = timeline.finish();
        assert_eq!((entries.len(), dropped), (KEPT, 3));
        assert!(entries.is_sorted_by_key(|entry| entry.offset));
    }
}
