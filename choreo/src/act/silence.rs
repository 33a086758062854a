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
use crate::clock;
use crate::dispatch::{Question, lock};
use crate::outcome::ScenarioErrorKind;

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
        // A broker that hangs has kept what was sent to it, and what would have been answered.
        for sent in &self.published {
            silences.add(sent.leg, last);
        }
        for reply in &self.replies {
            silences.add(reply.trigger_leg, last);
            silences.add(reply.answer_leg, last);
        }
        silences
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

    /// Waits for the brokers' signs of life. One that gives none ends the scenario as error.
    pub(super) async fn hear(&self, silences: &[Silence]) {
        self.answered(silences, "the silence in the quiet window proves nothing:")
            .await;
    }

    /// As [`hear`](Self::hear), of every transport, for an act in which nothing came until the deadline.
    pub(super) async fn hear_all(&self, deadline: Option<Instant>) {
        let now = clock::now();
        // The end of the time may be ahead when it is the body that ended.
        let until = deadline.map_or(now, |deadline| deadline.min(now));
        let silences: Vec<_> = (0..)
            .zip(&self.legs)
            .map(|(leg, _)| Silence { leg, until })
            .collect();
        self.answered(&silences, "nothing came, and").await;
    }

    async fn answered(&self, silences: &[Silence], so: &str) {
        // All at once: together they may take no longer than one.
        let asked: Vec<_> = silences.iter().map(|silence| self.ask(*silence)).collect();
        for (silence, question) in silences.iter().zip(asked) {
            let Err(reason) = question.answer().await else {
                continue;
            };
            let leg = &self.legs[silence.leg as usize];
            let text = format!("{so} the connection to {} is down: {reason}", leg.info);
            let mut state = lock(&self.state);
            state.unheard = true;
            if !state.is_broken() {
                self.record_error_at(&mut state, leg.place(None), ScenarioErrorKind::Lost, text);
            }
        }
    }
}
