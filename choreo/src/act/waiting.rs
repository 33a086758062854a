//! What an act waits for: messages until their deadlines, or the end of the windows in which nothing further may
//! come.

use std::time::Instant;

use super::{Act, Slot, State, Trigger};
use crate::clock;
use crate::expectation::{Expectation, Opening, Standing};
use crate::outcome::{Moment, OutOfOrder};
use crate::reply::Reply;
use crate::timeline::{About, Timeline, TimelineAction};

/// What an act still waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Something must come, which the timeout bounds.
    Messages,
    /// Everything came, and no further message may come until then.
    Quiet(Instant),
    Nothing,
}

impl Act {
    /// What was missing when the time was up.
    pub(super) fn record_deadline(&self, state: &mut State) {
        let now = clock::now();
        // Those that a deadline of their own has decided are told with its instant.
        let until = state.expired.unwrap_or(now);
        let all = state.expectations.iter();
        let told: Vec<_> = all.map(|it| state.has_missed(it, until)).collect();
        let State {
            expectations,
            replies,
            slots,
            earlier_slots,
            timeline,
            ..
        } = state;
        let missed = replies.iter().enumerate();
        for (index, slot) in missed.filter_map(|(index, reply)| Some((index, reply.missed()?))) {
            let Slot { leg, topic, .. } = &slots[(slot - *earlier_slots) as usize];
            let place = self.leg(*leg).place(Some(topic));
            let place = place.about(About::reply(index));
            timeline.record(
                now,
                TimelineAction::Deadline,
                place,
                "a required reply is owed",
            );
        }
        for (index, expectation) in expectations.iter().enumerate() {
            if expectation.is_open() && !told[index] {
                self.record_open(timeline, now, index, expectation);
            }
        }
    }

    /// What was missing at deadlines of its own, when they passed.
    pub(super) fn record_missed(&self, state: &mut State, now: Instant) {
        let expectations = state.expectations.iter();
        let missed = expectations.map(|it| state.due(it).filter(|_| state.has_missed(it, now)));
        let missed: Vec<_> = missed.collect();
        let pairs = state.expectations.iter().zip(missed).enumerate();
        for (index, (expectation, due)) in pairs {
            if let Some(due) = due {
                self.record_open(&mut state.timeline, due, index, expectation);
            }
        }
    }

    fn record_open(
        &self,
        timeline: &mut Timeline,
        at: Instant,
        index: usize,
        expectation: &Expectation,
    ) {
        let leg = &self.legs[expectation.leg as usize];
        let place = leg.place(Some(&expectation.topic));
        let place = place.about(About::handle(index));
        timeline.record(at, TimelineAction::Deadline, place, expectation.progress());
    }
}

impl State {
    /// With replies only, each must have answered; otherwise none may owe an answer, or be under way before the
    /// time is `over`.
    pub(super) fn waiting(&self, now: Instant, over: bool) -> Waiting {
        if !matches!(self.trigger, Trigger::Done(_)) {
            return Waiting::Messages;
        }
        let replied = if self.expectations.is_empty() {
            self.replies.iter().all(Reply::is_finished)
        } else {
            !self
                .replies
                .iter()
                .any(|reply| reply.is_busy() && !over || reply.is_owed())
        };
        if !replied {
            return Waiting::Messages;
        }
        let mut waiting = Waiting::Nothing;
        for expectation in &self.expectations {
            if self.is_over(expectation, now) {
                continue;
            }
            match expectation.standing(self.opening(expectation)) {
                Standing::Wanting => return Waiting::Messages,
                Standing::QuietUntil(until) if until > now => {
                    waiting = match waiting {
                        Waiting::Quiet(other) => Waiting::Quiet(other.max(until)),
                        _ => Waiting::Quiet(until),
                    };
                }
                Standing::QuietUntil(_) | Standing::Decided => {}
            }
        }
        waiting
    }

    /// When the time of an expectation is up that has a deadline; nothing while its clock does not run.
    pub(super) fn due(&self, expectation: &Expectation) -> Option<Instant> {
        let deadline = expectation.deadline?;
        let start = match (expectation.since, self.trigger) {
            (Some(since), _) => self.satisfied_at(since)?.at,
            (None, Trigger::Done(anchor)) => anchor.at,
            (None, Trigger::None | Trigger::Sending { .. }) => return None,
        };
        start.checked_add(deadline)
    }

    /// Whether the time of an expectation may begin to run with a message.
    pub(super) fn has_clocks(&self) -> bool {
        let mut open = self.expectations.iter().filter(|other| other.is_open());
        open.any(|other| other.deadline.is_some() && other.since.is_some())
    }

    /// Whether its deadline has decided it.
    pub(super) fn has_missed(&self, expectation: &Expectation, now: Instant) -> bool {
        expectation.is_open() && self.due(expectation).is_some_and(|due| due <= now)
    }

    /// Whether no message can decide it any more: its deadline has passed, or that of the message which would open
    /// its window.
    fn is_over(&self, expectation: &Expectation, now: Instant) -> bool {
        let opens = || self.expectation(expectation.since?);
        self.has_missed(expectation, now)
            || expectation.needs_opening() && opens().is_some_and(|it| self.has_missed(it, now))
    }

    /// When the next deadline passes of those that have not.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        let open = self.expectations.iter().filter(|other| other.is_open());
        let due = open.filter_map(|expectation| self.due(expectation));
        due.filter(|due| *due > now).min()
    }

    /// When the window of an expectation opens that needs no message.
    pub(super) fn opening(&self, expectation: &Expectation) -> Option<Opening> {
        if !expectation.needs_opening() {
            return None;
        }
        if let Some(since) = expectation.since {
            let after = self.satisfied_at(since)?;
            let clock = Some(after.at);
            return Some(Opening { after, clock });
        }
        let (at, clock) = match self.trigger {
            Trigger::None => return None,
            Trigger::Sending { since } => (since, None),
            Trigger::Done(anchor) => (anchor.earliest, Some(anchor.at)),
        };
        let after = Moment { at, arrival: 0 };
        Some(Opening { after, clock })
    }

    /// Two handles whose messages came in the wrong order.
    pub(super) fn out_of_order(&self) -> Option<OutOfOrder> {
        self.orders.iter().find_map(|order| {
            let reversed = order.violation(|handle| self.span(handle))?;
            Some(OutOfOrder {
                location: order.location,
                first: reversed.first,
                second: reversed.second,
                by: reversed.by,
            })
        })
    }
}
