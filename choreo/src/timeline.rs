//! What happened in a scenario, in order; bounded, with the drops counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use self::messages::{Logged, LoggedMessage, MessageLog};

mod messages;

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
    /// The scenario went on to its next act.
    NextAct,
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
            Self::NextAct => "next act",
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
    pub(crate) link: Link,
}

/// What an entry is about, by numbers: what caused it is worked out when somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Link {
    /// The number of the message; zero for none.
    pub(crate) message: u64,
    pub(crate) about: About,
}

/// Which part of the scenario, by its index in the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum About {
    #[default]
    Scenario,
    Handle(u32),
    Reply(u32),
}

impl About {
    pub(crate) fn handle(index: usize) -> Self {
        Self::Handle(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) fn reply(index: usize) -> Self {
        Self::Reply(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// Where something happened, and what it is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    pub(crate) transport: Option<&'a Arc<str>>,
    pub(crate) topic: Option<&'a Arc<str>>,
    pub(crate) link: Link,
}

impl Place<'_> {
    /// With the number of the message that came or went.
    pub(crate) fn of(mut self, message: u64) -> Self {
        self.link.message = message;
        self
    }

    pub(crate) fn about(mut self, about: About) -> Self {
        self.link.about = about;
        self
    }
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

    /// From when offsets count.
    pub(crate) fn start(&self) -> Instant {
        self.start
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
            link: place.link,
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

    /// Goes on behind what [`finish`](Self::finish) gave, with what was recorded since.
    pub(crate) fn resume(&mut self, entries: &[TimelineEntry]) {
        let since = std::mem::take(&mut self.entries);
        self.entries = entries.iter().cloned().chain(since).collect();
        while self.entries.len() > KEPT {
            self.entries.pop_front();
            self.dropped += 1;
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

    #[test]
    fn goes_on_behind_an_act_that_ended() {
        let start = Instant::now();
        let mut timeline = Timeline::starting_at(start);
        let at = |ms| start + Duration::from_millis(ms);
        for ms in 0..KEPT as u64 {
            timeline.record(at(ms), TimelineAction::Received, Place::default(), "");
        }
        let (act, _) = timeline.finish();
        timeline.record(at(1000), TimelineAction::Published, Place::default(), "");
        timeline.resume(&act);
        timeline.record(at(1001), TimelineAction::NextAct, Place::default(), "");
        let (entries, dropped) = timeline.finish();
        assert_eq!((entries.len(), dropped), (KEPT, 2));
        assert!(entries.is_sorted_by_key(|entry| entry.offset));
        assert_eq!(entries[KEPT - 2].action, TimelineAction::Published);
    }
}
