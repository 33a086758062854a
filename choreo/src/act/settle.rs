//! The end of an act in time: it is decided, its time is up, or it is given up.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::silence::Silence;
use super::waiting::Waiting;
use super::{Act, State};
use crate::clock;
use crate::dispatch::lock;
use crate::outcome::ScenarioResult;

/// What who settles does next.
enum Step {
    /// Waits for a change, at most until then; `last` when the act's time is up then.
    Wait {
        until: Instant,
        last: bool,
    },
    /// Makes sure that the brokers were there.
    Hear {
        silences: Vec<Silence>,
        /// How the error begins where one was not.
        so: &'static str,
    },
    Expire,
}

/// Someone waits for the end of the act; nobody does any more when it is dropped.
struct Settling<'a>(&'a Act);

impl<'a> Settling<'a> {
    fn begin(act: &'a Act) -> Self {
        lock(&act.state).settling += 1;
        act.changed.notify_waiters();
        Self(act)
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).settling -= 1;
        self.0.changed.notify_waiters();
    }
}

impl Act {
    /// Resolves when nothing can change the outcome any more although the test's own code may still
    /// run: an error, or the end of the time with expectations open. Never while the test settles, nor after that
    /// before its next act: what it does with the result is its own.
    pub(crate) async fn ended(&self) {
        let mut changed = pin!(self.changed.notified());
        let mut now = clock::now();
        loop {
            changed.as_mut().enable();
            let end = {
                let state = lock(&self.state);
                if state.is_settling() {
                    None
                } else if state.is_broken() {
                    return;
                } else {
                    self.end(&state, now)
                }
            };
            match end {
                Some(end) if end <= now => return,
                Some(end) => tokio::select! {
                    biased;
                    () = &mut changed => changed.set(self.changed.notified()),
                    () = tokio::time::sleep_until(end.into()) => now = end,
                },
                None => {
                    changed.as_mut().await;
                    changed.set(self.changed.notified());
                }
            }
            now = now.max(clock::now());
        }
    }

    /// When the act fails whatever comes, or has to be looked at again. Nothing where it may still pass, or has.
    fn end(&self, state: &State, now: Instant) -> Option<Instant> {
        let missed = || {
            state
                .expectations
                .iter()
                .any(|it| state.has_missed(it, now))
        };
        match state.waiting(now, true) {
            Waiting::Messages => {
                let ends = [state.deadline(self.timeout), state.next_due(now)];
                ends.into_iter().flatten().min()
            }
            Waiting::Quiet(until) => missed().then_some(until),
            Waiting::Nothing => missed().then_some(now),
        }
    }

    /// Waits until the act is decided or its time is up, and freezes it. Later calls give the same. Dropping
    /// it leaves the act as it is.
    pub(crate) async fn settle(&self) -> Arc<ScenarioResult> {
        let _settling = Settling::begin(self);
        let mut changed = pin!(self.changed.notified());
        let mut now = clock::now();
        let mut over = false;
        let mut heard = Vec::new();
        loop {
            // Before the look, so that no change falls between the two.
            changed.as_mut().enable();
            let step = {
                let mut state = lock(&self.state);
                if let Some(result) = &state.result {
                    return Arc::clone(result);
                }
                self.check_sense(&mut state);
                if state.is_broken() {
                    break;
                }
                match self.step(&state, now, over, &heard) {
                    Some(step) => step,
                    None => break,
                }
            };
            match step {
                Step::Wait { until, last } => tokio::select! {
                    biased;
                    () = &mut changed => changed.set(self.changed.notified()),
                    () = tokio::time::sleep_until(until.into()) => {
                        over |= last;
                        now = until;
                    }
                },
                Step::Hear { silences, so } => {
                    self.hear(&silences, so).await;
                    heard.extend(silences);
                }
                Step::Expire => return self.expire().await,
            }
            now = now.max(clock::now());
        }
        self.conclude().await
    }

    /// Freezes an act that has come to its end.
    async fn conclude(&self) -> Arc<ScenarioResult> {
        #[cfg(feature = "insta")]
        self.review_snapshots().await;
        let mut state = lock(&self.state);
        match &state.result {
            Some(result) => Arc::clone(result),
            None => self.finish(&mut state, false),
        }
    }

    /// Nothing when the act is decided.
    fn step(&self, state: &State, now: Instant, over: bool, heard: &[Silence]) -> Option<Step> {
        let waiting = state.waiting(now, over);
        let silences = self.silences(state, now);
        if waiting == Waiting::Nothing {
            let unheard = silences.ended.into_iter();
            let unheard: Vec<_> = unheard.filter(|other| !heard.contains(other)).collect();
            return (!unheard.is_empty()).then_some(Step::Hear {
                silences: unheard,
                so: silences.so,
            });
        }
        // While something else has to be waited for the answers cost no time.
        for silence in &silences.ended {
            self.ask(*silence);
        }
        let end = state.deadline(self.timeout);
        let until = match waiting {
            // A window that has opened runs to its end, also past the timeout.
            Waiting::Quiet(until) => until,
            Waiting::Messages | Waiting::Nothing if over => return Some(Step::Expire),
            // A triggered act always has a deadline; this one ends even if that should change.
            Waiting::Messages | Waiting::Nothing => end.unwrap_or_else(|| now + self.timeout),
        };
        Some(match silences.next_end {
            Some(next) if next < until => Step::Wait {
                until: next,
                last: false,
            },
            _ => Step::Wait {
                until,
                last: end.is_none_or(|end| until >= end),
            },
        })
    }

    /// Ends the act as it is, without waiting: the body panicked, returned an error, or was cancelled.
    pub(crate) fn abandon(&self) -> Arc<ScenarioResult> {
        let mut state = lock(&self.state);
        match &state.result {
            Some(result) => Arc::clone(result),
            None => self.finish(&mut state, true),
        }
    }

    /// Ends the act at its deadline. Where nothing came or a window has ended, the brokers are asked for a sign of
    /// life first: that one hangs must not look like a service that does not answer.
    async fn expire(&self) -> Arc<ScenarioResult> {
        let unheard = {
            let mut state = lock(&self.state);
            let at = *state.expired.get_or_insert_with(clock::now);
            let decided = state.result.is_some() || state.is_broken();
            (!decided).then(|| self.silences_at_the_end(&state, at))
        };
        if let Some(silences) = unheard {
            self.hear(&silences.ended, silences.so).await;
        }
        {
            let mut state = lock(&self.state);
            if state.result.is_none() && !state.is_broken() {
                self.record_deadline(&mut state);
            }
        }
        self.conclude().await
    }
}

impl State {
    /// The test waits for the end of the act, or has its result.
    fn is_settling(&self) -> bool {
        self.settling > 0 || self.result.is_some()
    }
}
