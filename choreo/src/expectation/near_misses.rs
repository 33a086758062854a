//! The closest near misses of a handle, bounded; all are counted.

use std::sync::Arc;

use crate::codec::Incoming;
use crate::matcher::diff::Score;
use crate::matcher::{Mismatch, diff};
use crate::outcome::NearMiss;

/// Near misses that are kept for each handle: the closest ones.
const NEAR_MISSES: usize = 20;
/// A near miss above this size is kept without its payload.
const NEAR_MISS_PAYLOAD_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct NearMisses {
    /// Ordered by closeness; among equals the earlier one stays in front.
    kept: Vec<NearMiss>,
    /// That of the last one, beside the counter: most near misses are no closer than those that are kept, and
    /// need not look at them.
    farthest: Option<Score>,
    total: u64,
    /// The closest one keeps its payload whatever its size.
    keeps_closest: bool,
}

impl NearMisses {
    #[cfg(feature = "insta")]
    pub(crate) fn keeping_closest(mut self) -> Self {
        self.keeps_closest = true;
        self
    }

    #[cfg(feature = "insta")]
    pub(crate) fn closest(&self) -> Option<&NearMiss> {
        self.kept.first()
    }

    pub(crate) fn add(&mut self, mismatch: Mismatch, message: &Arc<Incoming>, arrival: u64) {
        self.total += 1;
        let envelope = message.envelope();
        let score = diff::score(&mismatch);
        let place = match self.farthest {
            Some(farthest) if score < farthest => {
                self.kept.partition_point(|other| other.score <= score)
            }
            _ => self.kept.len(),
        };
        if place >= NEAR_MISSES {
            return;
        }
        let is_closest = self.keeps_closest && place == 0;
        if is_closest
            && let Some(former) = self.kept.first_mut()
            && former.size_bytes > NEAR_MISS_PAYLOAD_BYTES
        {
            former.message = None;
        }
        let keep_payload = is_closest || envelope.payload.len() <= NEAR_MISS_PAYLOAD_BYTES;
        let near_miss = NearMiss {
            score,
            mismatch,
            received_at: envelope.received_at,
            arrival,
            topic: Arc::clone(&envelope.topic),
            size_bytes: envelope.payload.len(),
            message: keep_payload.then(|| message.undecoded()),
        };
        self.kept.truncate(NEAR_MISSES - 1);
        self.kept.insert(place, near_miss);
        self.farthest = self.kept.last().map(|last| last.score);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn into_parts(self) -> (Vec<NearMiss>, u64) {
        (self.kept, self.total)
    }
}
