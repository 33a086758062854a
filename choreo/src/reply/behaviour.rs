//! How a reply answers: late, wrong, or not at all. What is left to chance follows from a seed and the
//! number of the trigger, whatever runs beside it.

use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use choreo_runner::catch_panic_now;
use foldhash::HashMap;

use super::build::ReplyBuilder;

/// What `reply!` says about the manner of answers.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    pub(super) delay: Option<Delay>,
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
            || self.delay.as_ref().is_some_and(|delay| delay.is_random)
    }

    /// The dice of one reply; none when nothing is left to chance. The error is why there is no seed.
    pub(super) fn dice(&self, of: Player<'_>) -> Result<Option<Dice>, String> {
        if !self.is_random() {
            return Ok(None);
        }
        if let Some(seed) = self.seed {
            let run_seed = None;
            return Ok(Some(Dice { seed, run_seed }));
        }
        let run = choreo_runner::run_seed().map_err(|error| error.to_string())?;
        Ok(Some(Dice {
            seed: of.next_seed(run),
            run_seed: Some(run),
        }))
    }
}

/// How long an answer waits: what this makes of a number from 0 to below 1, each as likely.
pub(super) struct Delay {
    pub(super) draw: Box<dyn Fn(f64) -> Duration + Send + Sync>,
    pub(super) is_random: bool,
}

impl Delay {
    /// The error is the text of a panic.
    pub(super) fn at(&self, share: f64) -> Result<Duration, String> {
        catch_panic_now(|| (self.draw)(share)).map_err(|panic| panic.message)
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delay").finish_non_exhaustive()
    }
}

/// Whose dice they are: the number `index` of the replies of an act.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Player<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) act: u32,
    pub(crate) index: usize,
}

/// How often each player has drawn in this process: scenarios of one name do not all have the same luck.
static DRAWN: LazyLock<Mutex<HashMap<u64, u64>>> = LazyLock::new(Mutex::default);

impl Player<'_> {
    /// A seed of its own, whatever else runs beside it. Those of one name draw in the order in which they arm.
    fn next_seed(self, run: u64) -> u64 {
        let number = {
            let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
            let drawn = drawn.entry(self.hashed()).or_default();
            *drawn += 1;
            *drawn
        };
        self.seed(run, number)
    }

    fn seed(self, run: u64, number: u64) -> u64 {
        let bits = mix(mix(run)
            .wrapping_add(self.hashed())
            .wrapping_add(mix(number)));
        // Half of the bits suffice, and a person copies them.
        bits >> 32
    }

    /// The same in every process.
    fn hashed(self) -> u64 {
        let name = self.scenario.bytes();
        let name = name.fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        mix(mix(name ^ u64::from(self.act)) ^ self.index as u64)
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
pub(crate) struct Dice {
    pub(super) seed: u64,
    /// What the seed was drawn from; nothing if the test says it.
    pub(super) run_seed: Option<u64>,
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
        let dice = |seed| Dice {
            seed,
            run_seed: None,
        };
        let (one, other) = (dice(1), dice(2));
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

    #[test]
    fn seeds_follow_from_the_run_and_differ_between_players() {
        let player = |scenario: &'static str, act, index| Player {
            scenario,
            act,
            index,
        };
        let own = player("orders::a", 1, 0);
        assert_eq!(own.seed(7, 1), own.seed(7, 1));
        let others = [
            own.seed(8, 1),
            own.seed(7, 2),
            player("orders::b", 1, 0).seed(7, 1),
            player("orders::a", 2, 0).seed(7, 1),
            player("orders::a", 1, 1).seed(7, 1),
        ];
        assert!(!others.contains(&own.seed(7, 1)));
        assert!(own.seed(7, 1) <= u64::from(u32::MAX));
        // The second scenario of a name has another luck.
        let again = player("seeds_follow_from_the_run", 1, 0);
        assert_ne!(again.next_seed(7), again.next_seed(7));
    }

    #[test]
    fn only_chance_asks_for_a_seed() {
        let of = Player {
            scenario: "only_chance_asks",
            act: 1,
            index: 0,
        };
        let mut behaviour = Behaviour::default();
        assert!(behaviour.dice(of).expect("no seed is needed").is_none());
        behaviour.drop_rate = 0.5;
        let drawn = behaviour.dice(of).expect("there is a seed");
        assert_eq!(
            drawn.and_then(|dice| dice.run_seed),
            choreo_runner::run_seed().ok()
        );
        behaviour.seed = Some(3);
        let told = behaviour.dice(of).expect("no seed is needed");
        assert_eq!(told.map(|dice| (dice.seed, dice.run_seed)), Some((3, None)));
    }
}
