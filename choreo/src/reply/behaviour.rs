//! How a reply answers: late, wrong, or not at all. What is left to chance follows from a seed and the
//! number of the trigger, whatever runs beside it.

use std::time::Duration;

use super::build::ReplyBuilder;
use crate::ids::random_u32;

/// What `reply!` says about the manner of answers.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    /// The shortest and the longest.
    pub(super) delay: Option<(Duration, Duration)>,
    /// The share of errors, and what they are.
    pub(super) errors: Option<(f64, ReplyBuilder)>,
    pub(super) drop_rate: f64,
    pub(super) drop_first: u32,
    pub(super) seed: Option<u64>,
}

impl Behaviour {
    /// Whether two runs with different seeds may differ.
    fn is_random(&self) -> bool {
        self.drop_rate > 0.0
            || self.errors.is_some()
            || self.delay.is_some_and(|(low, high)| low != high)
    }

    /// The dice of one run; none when nothing is left to chance.
    pub(super) fn dice(&self) -> Option<Dice> {
        self.is_random().then(|| Dice {
            // Half of the bits suffice, and a person copies them.
            seed: self.seed.unwrap_or_else(|| u64::from(random_u32())),
        })
    }
}

/// What is decided by chance about one trigger.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    Drop,
    Error,
    Delay,
}

/// Numbers that only the seed, the trigger and the question decide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice {
    pub(super) seed: u64,
}

impl Dice {
    /// From 0 to below 1, for the trigger with this number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a float of this range holds"
    )]
    pub(super) fn roll(self, trigger: u64, question: Question) -> f64 {
        let place = trigger.wrapping_mul(4).wrapping_add(question as u64);
        let bits = mix(mix(self.seed).wrapping_add(place));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One step of SplitMix64: neighbours come out far apart.
fn mix(state: u64) -> u64 {
    let mut bits = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything_and_shares_come_out() {
        let (one, other) = (Dice { seed: 1 }, Dice { seed: 2 });
        let rolls = |dice: Dice| -> Vec<f64> {
            (0..10_000).map(|n| dice.roll(n, Question::Drop)).collect()
        };
        assert_eq!(rolls(one), rolls(one));
        assert_ne!(rolls(one), rolls(other));
        let below = rolls(one).iter().filter(|roll| **roll < 0.2).count();
        assert!((1_900..2_100).contains(&below), "{below} of 10000");
        assert!(rolls(one).iter().all(|roll| (0.0..1.0).contains(roll)));
        assert_ne!(one.roll(0, Question::Drop), one.roll(0, Question::Error));
    }
}
