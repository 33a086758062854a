//! The closest near misses of a handle, bounded; all are counted.

use std::sync::Arc;

use crate::codec::Incoming;
use crate::matcher::{Mismatch, diff};
use crate::outcome::NearMiss;

/// Near misses that are kept for each handle: the closest ones.
const NEAR_MISSES: usize = 20;
/// A near miss above this size is kept without its payload.
const NEAR_MISS_PAYLOAD_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct NearMisses {
    kept: Vec<NearMiss>,
    total: u64,
}

impl NearMisses {
    pub(crate) fn add(&mut self, mismatch: Mismatch, message: &Arc<Incoming>) {
        self.total += 1;
        let envelope = message.envelope();
        let keep_payload = envelope.payload.len() <= NEAR_MISS_PAYLOAD_BYTES;
        let near_miss = NearMiss {
            score: diff::score(&mismatch),
            mismatch,
            received_at: envelope.received_at,
            topic: Arc::clone(&envelope.topic),
            size_bytes: envelope.payload.len(),
            message: keep_payload.then(|| message.undecoded()),
        };
        // Ordered by closeness; among equals the earlier one stays in front.
        let place = self
            .kept
            .partition_point(|other| other.score <= near_miss.score);
        if place < NEAR_MISSES {
            self.kept.truncate(NEAR_MISSES - 1);
            self.kept.insert(place, near_miss);
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn into_parts(self) -> (Vec<NearMiss>, u64) {
        (self.kept, self.total)
    }
}
