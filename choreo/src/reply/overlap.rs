//! Topics of one reply that overlap: `["orders.*", "orders.new"]`. The broker delivers a message once for each.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use foldhash::fast::RandomState;

use crate::envelope::Envelope;

/// Messages that are remembered. The deliveries of one follow each other closely.
const REMEMBERED: usize = 1024;

/// Tells the second delivery of a message from a second message that looks the same. What a wildcard covers is
/// each broker's own rule, so it counts: the third message of a kind is the third through every topic that it
/// comes through.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    hasher: RandomState,
    /// By what a message is: how often it came through each slot.
    seen: HashMap<u64, Vec<(u32, u64)>, RandomState>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl Overlap {
    /// Whether the message was there already, through another slot.
    pub(super) fn is_repetition(&mut self, slot: u32, message: &Envelope) -> bool {
        let kind = self.kind(message);
        if !self.seen.contains_key(&kind) {
            if self.order.len() == REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
            self.order.push_back(kind);
        }
        let counts = self.seen.entry(kind).or_default();
        let others = counts.iter().filter(|(other, _)| *other != slot);
        let most = others.map(|(_, count)| *count).max().unwrap_or(0);
        let own = match counts.iter_mut().find(|(other, _)| *other == slot) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                counts.push((slot, 1));
                1
            }
        };
        own <= most
    }

    /// All that the sender decides. Delivery tags and the like may differ between two deliveries.
    fn kind(&self, message: &Envelope) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        message.topic.hash(&mut hasher);
        message.key.hash(&mut hasher);
        message.payload.hash(&mut hasher);
        message.reply_to.hash(&mut hasher);
        for (name, value) in message.headers.iter() {
            (name, value).hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_counts_once_however_the_deliveries_are_mixed() {
        let mut overlap = Overlap::default();
        let mut answered = |slots: &[u32], payload: &'static str| {
            let message = Envelope::new("orders.new", payload);
            let new = slots
                .iter()
                .filter(|slot| !overlap.is_repetition(**slot, &message));
            new.count()
        };
        assert_eq!(answered(&[0, 1, 1, 0], "two, one overtakes"), 2);
        assert_eq!(answered(&[0, 0, 1, 1], "two, one slot after the other"), 2);
        assert_eq!(answered(&[2, 0, 1], "one, three slots"), 1);
        assert_eq!(answered(&[1, 1, 1], "three that only one slot covers"), 3);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut overlap = Overlap::default();
        for number in 0..REMEMBERED + 5 {
            overlap.is_repetition(0, &Envelope::new("orders.new", number.to_string()));
        }
        assert_eq!(
            (overlap.seen.len(), overlap.order.len()),
            (REMEMBERED, REMEMBERED)
        );
    }
}
