//! Silence that is evidence: a window without messages counts when the broker was there to bring them.
//!
//! What is guaranteed: an act passes on the silence of a window only after the broker has answered a question
//! that was asked at the window's end or later. An answer to an earlier question would leave the time from
//! there to the end unproven, so none is asked before. It costs a round trip after the last window, and none
//! where the act waits for something else anyway or where another scenario has asked.
//!
//! Where answer and messages come over one connection that keeps their order, the answer also proves that
//! every message which the broker had sent within the window was looked at. On other transports it proves that
//! the broker runs. The instant of receipt decides whether a message lies in the window, as everywhere.

use std::time::Instant;

use super::{Act, State};
use crate::dispatch::{Question, lock};
use crate::expectation::Expectation;
use crate::outcome::ScenarioErrorKind;

/// How the error begins where a window rests on a broker that hangs.
pub(super) const PROVES_NOTHING: &str = "the silence in the quiet window proves nothing:";

/// A transport that must have been there until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silence {
    leg: u32,
    until: Instant,
}

/// What the windows of an act rest on.
#[derive(Default)]
pub(super) struct Silences {
    /// Of windows that have ended.
    pub(super) ended: Vec<Silence>,
    /// When the next window ends.
    pub(super) next_end: Option<Instant>,
}

impl State {
    pub(super) fn silences(&self, now: Instant) -> Silences {
        let mut silences = Silences::default();
        for expectation in &self.expectations {
            if !expectation.trusts_silence() {
                continue;
            }
            let Some(until) = expectation.quiet_until(self.opening(expectation)) else {
                continue;
            };
            if until <= now {
                silences.add(expectation.leg, until);
            } else if silences.next_end.is_none_or(|next| until < next) {
                silences.next_end = Some(until);
            }
        }
        let Some(last) = silences.ended.iter().map(|silence| silence.until).max() else {
            return silences;
        };
        for leg in self.legs_in_use() {
            silences.add(leg, last);
        }
        silences
    }

    /// Transports that every window rests on: a broker that hangs has kept what was sent to it, and what would
    /// have been answered.
    fn legs_in_use(&self) -> impl Iterator<Item = u32> {
        let published = self.published.iter().map(|sent| sent.leg);
        let replies = self.replies.iter();
        let replies = replies.flat_map(|reply| [reply.trigger_leg, reply.answer_leg]);
        published.chain(replies)
    }

    /// Whether the silence in its window proves nothing, as a broker that it rests on gave no sign of life.
    pub(super) fn is_unheard(&self, expectation: &Expectation) -> bool {
        let mut legs = self.legs_in_use().chain([expectation.leg]);
        expectation.trusts_silence() && legs.any(|leg| self.unheard.contains(&leg))
    }
}

impl Silences {
    /// Once for each transport, with the later instant.
    fn add(&mut self, leg: u32, until: Instant) {
        match self.ended.iter_mut().find(|other| other.leg == leg) {
            Some(other) => other.until = other.until.max(until),
            None => self.ended.push(Silence { leg, until }),
        }
    }
}

impl Act {
    pub(super) fn ask(&self, silence: Silence) -> Question {
        let router = &self.legs[silence.leg as usize].router;
        router.ask(silence.until)
    }

    /// What has to be heard before the act ends at its deadline, and what follows from it: of every transport where
    /// nothing came.
    pub(super) fn silences_at_the_end(
        &self,
        state: &State,
        at: Instant,
    ) -> (Vec<Silence>, &'static str) {
        let mut silences = state.silences(at);
        if !state.waited_in_vain() {
            return (silences.ended, PROVES_NOTHING);
        }
        // One instant for all scenarios whose time is up then: the same question serves them.
        let until = state.deadline(self.timeout).map_or(at, |end| end.min(at));
        for (leg, _) in (0..).zip(&self.legs) {
            silences.add(leg, until);
        }
        (silences.ended, "nothing came, and")
    }

    /// Waits for the brokers' signs of life. One that gives none ends the scenario as error, whose text begins
    /// with `so`.
    pub(super) async fn hear(&self, silences: &[Silence], so: &str) {
        // All at once: together they may take no longer than one.
        let asked: Vec<_> = silences.iter().map(|silence| self.ask(*silence)).collect();
        for (silence, question) in silences.iter().zip(asked) {
            let Err(reason) = question.answer().await else {
                continue;
            };
            let leg = &self.legs[silence.leg as usize];
            let text = format!("{so} the connection to {} is down: {reason}", leg.info);
            let mut state = lock(&self.state);
            state.unheard.push(silence.leg);
            if !state.is_broken() {
                self.record_error_at(&mut state, leg.place(None), ScenarioErrorKind::Lost, text);
            }
        }
    }
}
