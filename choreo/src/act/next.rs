//! From one act to the next: the same id and timeline, and everything else anew.

use std::sync::Arc;

use super::{Act, Slot, State, Trigger};
use crate::clock;
use crate::dispatch::lock;
use crate::expectation::Expectation;
use crate::outcome::{HandleData, Moment, ScenarioErrorKind, ScenarioResult};
use crate::timeline::{Place, TimelineAction};

impl Act {
    /// Settles the act and opens the next one. After an act that failed the steps of the next one do
    /// nothing; under the runner the body ends here.
    pub(crate) async fn next(self: &Arc<Self>) {
        let result = self.settle().await;
        let has_failed = {
            let mut guard = lock(&self.state);
            let state = &mut *guard;
            if !matches!(&state.result, Some(last) if Arc::ptr_eq(last, &result)) {
                // Somebody else went on from a copy of the scenario.
                return;
            }
            state.trigger = Trigger::None;
            state.expired = None;
            state.unheard.clear();
            state.violated = false;
            state.orders.clear();
            // What went out after the act had settled is part of no hop.
            state.published.clear();
            state.result = None;
            state.opened = clock::now();
            state.timeline.resume(&result.timeline);
            if !result.outcome.is_failure() {
                let text = format!("act {}", result.act + 1);
                let place = Place::default();
                state
                    .timeline
                    .record(state.opened, TimelineAction::NextAct, place, text);
                self.enter(state);
            }
            state.previous = Some(result);
            state.has_failed()
        };
        self.changed.notify_waiters();
        if has_failed {
            // The runner waits for `ended` beside the body, and drops the body there.
            tokio::task::yield_now().await;
        }
    }

    /// Makes the act known to its routers.
    pub(super) fn enter(self: &Arc<Self>, state: &mut State) {
        state.open = (0..)
            .zip(&self.legs)
            .map(|(index, leg)| leg.router.open(self.member(index), leg.id()))
            .collect();
        let mut shared = state.open.iter().zip(&self.legs);
        let shared = shared.find(|(open, _)| open.shares_id());
        if let Some((_, leg)) = shared {
            let giver = match &leg.info.label {
                Some(label) => format!("the stage's bridge gave the scenario an id on `{label}`"),
                None => {
                    let policy = leg.correlation().describe();
                    format!("the correlation policy ({policy}) gave the scenario an id")
                }
            };
            let text = format!(
                "{giver} that another open scenario has: their messages could not be told apart. Each \
                 scenario needs an id of its own"
            );
            self.record_error(state, ScenarioErrorKind::Correlation, text);
        }
    }

    /// Gives up every place at the router.
    pub(super) fn leave(&self, state: &mut State) {
        for open in state.open.drain(..) {
            open.retire();
        }
        let slots = u32::try_from(state.slots.len()).expect("fewer than 2^32 topics");
        state.earlier_slots += slots;
        state.slots.clear();
    }
}

impl State {
    /// Something has ended the scenario, or an earlier act has failed.
    pub(super) fn has_failed(&self) -> bool {
        let failed = |act: &Arc<ScenarioResult>| act.outcome.is_failure();
        self.error.is_some() || self.previous.as_ref().is_some_and(failed)
    }

    /// The number of the act, from 1.
    pub(super) fn act(&self) -> u32 {
        self.previous.as_ref().map_or(1, |act| act.act + 1)
    }

    pub(super) fn earlier_handles(&self) -> u32 {
        self.previous.as_ref().map_or(0, |act| act.handle_count())
    }

    /// By the number of its handle; nothing for one of an earlier act.
    pub(super) fn expectation(&self, handle: u32) -> Option<&Expectation> {
        let index = handle.checked_sub(self.earlier_handles())?;
        self.expectations.get(index as usize)
    }

    /// What a handle of an earlier act became.
    fn earlier(&self, handle: u32) -> Option<&HandleData> {
        self.previous.as_ref()?.handle_data(handle)
    }

    /// When the message came that satisfied a handle, of this act or an earlier one.
    pub(super) fn satisfied_at(&self, handle: u32) -> Option<Moment> {
        match self.expectation(handle) {
            Some(expectation) => expectation.satisfied_at(),
            None => self.earlier(handle)?.satisfied_at,
        }
    }

    /// When the first and the last message of a handle came, of this act or an earlier one.
    pub(super) fn span(&self, handle: u32) -> Option<(Moment, Moment)> {
        match self.expectation(handle) {
            Some(expectation) => expectation.span(),
            None => self.earlier(handle)?.span,
        }
    }

    /// Whether the message of a handle must not come.
    pub(super) fn forbids(&self, handle: u32) -> bool {
        match self.expectation(handle) {
            Some(expectation) => expectation.forbids(),
            None => self.earlier(handle).is_some_and(HandleData::forbids),
        }
    }

    /// Nothing for a slot of an earlier act.
    pub(super) fn slot(&self, slot: u32) -> Option<&Slot> {
        let index = slot.checked_sub(self.earlier_slots)?;
        self.slots.get(index as usize)
    }
}
