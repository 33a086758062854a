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
const PROVES_NOTHING: &str = "the silence in the quiet window proves nothing:";
/// How it begins where what was to come did not.
const NOTHING_CAME: &str = "nothing came, and";

/// A transport that must have been there until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silence {
    leg: u32,
    until: Instant,
}

/// What the windows of an act rest on, and what its deadlines do by which nothing came.
pub(super) struct Silences {
    /// Of windows that have ended.
    pub(super) ended: Vec<Silence>,
    /// When the next window ends, or the next deadline passes.
    pub(super) next_end: Option<Instant>,
    /// How the error begins where a broker hangs.
    pub(super) so: &'static str,
}

impl State {
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

    /// Whether nothing came for it, and a connection is gone over which it could have.
    pub(super) fn is_lost(&self, expectation: &Expectation) -> bool {
        let error = self.error.as_ref();
        expectation.is_untouched() && error.is_some_and(|it| it.kind == ScenarioErrorKind::Lost)
    }
}

impl Silences {
    /// The windows that have ended by now, and the next one.
    fn of_windows(state: &State, now: Instant) -> Self {
        let mut silences = Self {
            ended: Vec::new(),
            next_end: state.next_due(now),
            so: PROVES_NOTHING,
        };
        for expectation in &state.expectations {
            if !expectation.trusts_silence() {
                continue;
            }
            let Some(until) = expectation.quiet_until(state.opening(expectation)) else {
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
        for leg in state.legs_in_use() {
            silences.add(leg, last);
        }
        silences
    }

    /// Once for each transport, with the later instant.
    fn add(&mut self, leg: u32, until: Instant) {
        match self.ended.iter_mut().find(|other| other.leg == leg) {
            Some(other) => other.until = other.until.max(until),
            None => self.ended.push(Silence { leg, until }),
        }
    }
}

impl Act {
    pub(super) fn silences(&self, state: &State, now: Instant) -> Silences {
        let mut silences = Silences::of_windows(state, now);
        let untouched = state.expectations.iter().filter(|it| it.is_untouched());
        for expectation in untouched.filter(|it| state.has_missed(it, now)) {
            if let Some(due) = state.due(expectation) {
                self.nothing_came_by(&mut silences, due);
            }
        }
        silences
    }

    /// Nothing came until then: every transport must have been there.
    fn nothing_came_by(&self, silences: &mut Silences, until: Instant) {
        for (leg, _) in (0..).zip(&self.legs) {
            silences.add(leg, until);
        }
        silences.so = NOTHING_CAME;
    }

    pub(super) fn ask(&self, silence: Silence) -> Question {
        let router = &self.legs[silence.leg as usize].router;
        router.ask(silence.until)
    }

    /// What has to be heard before the act ends at its deadline: of every transport where nothing came.
    pub(super) fn silences_at_the_end(&self, state: &State, at: Instant) -> Silences {
        let mut silences = self.silences(state, at);
        if state.waited_in_vain() {
            // One instant for all scenarios whose time is up then: the same question serves them.
            let until = state.deadline(self.timeout).map_or(at, |end| end.min(at));
            self.nothing_came_by(&mut silences, until);
        }
        silences
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
