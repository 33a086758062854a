//! From one act to the next: the same id and timeline, and everything else anew.

use std::sync::Arc;
use std::time::Instant;

use super::{Act, Trigger};
use crate::dispatch::lock;
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
            state.settling = false;
            state.result = None;
            state.opened = Instant::now();
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
}
