//! Expectations of snapshots: which message is judged at the end, and what the judgement changes.

use std::sync::Arc;

use serde_json::Value;

use super::{Anchor, Demand, Expectation, Matched};
use crate::matcher::Segment;
use crate::matcher::diff;
use crate::matcher::snapshot::{Review, Snapshot};
use crate::outcome::{HandleData, Moment, NearMiss, Outcome};

/// A message for `insta` to judge.
pub(crate) struct Candidate {
    pub(crate) snapshot: Snapshot,
    pub(crate) value: Value,
    /// It equals the stored snapshot.
    pub(crate) matched: bool,
}

impl Expectation {
    /// The snapshot that its message is compared with.
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        match &self.demand {
            Demand::One(wanted) | Demand::Count(wanted, _) => wanted.snapshot(),
            Demand::Set(_) => None,
        }
    }

    /// The first message that matched, else the closest one. A message whose key or headers are wrong is not the
    /// one that the snapshot is about.
    pub(crate) fn candidate(&self) -> Option<Candidate> {
        let snapshot = self.snapshot()?.clone();
        if let Some(first) = &self.matches.first {
            let value = first.incoming.decoded().ok()?.clone();
            return Some(Candidate {
                snapshot,
                value,
                matched: true,
            });
        }
        let closest = self.near_misses.closest()?;
        if differs_around(closest) {
            return None;
        }
        let value = closest.message.as_ref()?.decoded().ok()?.clone();
        Some(Candidate {
            snapshot,
            value,
            matched: false,
        })
    }
}

fn differs_around(near_miss: &NearMiss) -> bool {
    diff::leaves(&near_miss.mismatch)
        .any(|leaf| matches!(leaf.path.segments().first(), Some(Segment::Part(_))))
}

/// What the judgement makes of a handle that has ended by itself. The message that `insta` took, when it is not
/// the one that matched.
pub(super) fn apply(
    review: Review,
    data: &mut HandleData,
    wants_one: bool,
    anchor: Option<Anchor>,
) -> Option<Matched> {
    let Review { passed, note } = review;
    data.note = note;
    if !passed {
        if !data.outcome.is_failure() {
            data.outcome = Outcome::Fail;
        }
        return None;
    }
    if !wants_one || data.outcome != Outcome::Fail || data.near_misses.is_empty() {
        return None;
    }
    let closest = data.near_misses.remove(0);
    data.near_miss_count -= 1;
    let moment = Moment {
        at: closest.received_at,
        arrival: 0,
    };
    data.expected = None;
    data.satisfied_at = Some(moment);
    data.span = Some((moment, moment));
    data.latency = anchor.map(|anchor| anchor.latency(moment.at));
    data.outcome = data.by_budget();
    Some(Matched {
        message: None,
        incoming: Arc::new(closest.message?),
        moment,
    })
}
