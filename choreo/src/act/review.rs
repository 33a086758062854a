//! The last word on snapshots, before an act is frozen.

use super::Act;
use crate::dispatch::lock;
use crate::expectation::Expectation;
use crate::outcome::ScenarioErrorKind;

impl Act {
    /// Has `insta` judge the message of each snapshot, off the runtime's threads and without the act's lock:
    /// receive tasks wait for neither. What ended before its time is not judged.
    pub(super) async fn review_snapshots(&self) {
        let candidates: Vec<_> = {
            let state = lock(&self.state);
            if state.is_broken() || state.result.is_some() {
                return;
            }
            let expectations = state.expectations.iter();
            expectations.filter_map(Expectation::candidate).collect()
        };
        if candidates.is_empty() {
            return;
        }
        let runtime = tokio::runtime::Handle::current();
        let judging = tokio::task::spawn_blocking(move || {
            for candidate in candidates {
                let judged = candidate
                    .snapshot
                    .review(&candidate.value, candidate.matched);
                runtime.block_on(judged);
            }
        });
        if let Err(error) = judging.await {
            let text = format!("the snapshots could not be compared by `insta`: {error}");
            self.fail_with(ScenarioErrorKind::Matcher, text);
        }
    }
}
