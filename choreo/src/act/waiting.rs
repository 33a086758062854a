//! What an act waits for: messages, or the end of the windows in which nothing further may come.

use std::time::Instant;

use super::{Act, Slot, State, Trigger};
use crate::clock;
use crate::expectation::{Expectation, Opening, Standing};
use crate::outcome::{Moment, OutOfOrder};
use crate::reply::Reply;
use crate::timeline::{About, TimelineAction};

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
        let open = expectations.iter().enumerate();
        for (index, expectation) in open.filter(|(_, expectation)| expectation.is_open()) {
            let detail = expectation.progress();
            let leg = &self.legs[expectation.leg as usize];
            let place = leg.place(Some(&expectation.topic));
            let place = place.about(About::handle(index));
            timeline.record(now, TimelineAction::Deadline, place, detail);
        }
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
