//! What chance in a run is drawn from: one number, so that a run can be repeated.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::OnceLock;

use crate::report::common_origin;

/// The variable that fixes it.
const VARIABLE: &str = "CHOREO_SEED";
/// What its value must be.
pub(crate) const EXPECTED: &str = "a whole number, at most 18446744073709551615";

static SEED: OnceLock<Result<u64, InvalidSeed>> = OnceLock::new();

/// `CHOREO_SEED` is no seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {VARIABLE} is `{value}`: it must be {EXPECTED}")]
pub struct InvalidSeed {
    value: String,
}

/// The number that everything follows from which this run leaves to chance. `--seed` and `CHOREO_SEED` fix it;
/// otherwise all processes of one `cargo nextest run`, and on Linux of one `cargo test`, have the same, and
/// each run has another one.
///
/// A run of which somebody asked for it has it in its report.
///
/// # Errors
///
/// If `CHOREO_SEED` is no number. Under [`main`](crate::main) nothing runs then.
pub fn run_seed() -> Result<u64, InvalidSeed> {
    SEED.get_or_init(|| drawn(&|name| std::env::var(name).ok()))
        .clone()
}

/// Fixes the seed of this process.
pub(crate) fn fix(seed: u64) {
    // Whoever asked before has the seed that there is.
    let _ = SEED.set(Ok(seed));
}

/// The seed, if it was fixed or somebody asked for it.
pub(crate) fn used() -> Option<u64> {
    SEED.get().and_then(|seed| seed.clone().ok())
}

fn drawn(environment: &dyn Fn(&str) -> Option<String>) -> Result<u64, InvalidSeed> {
    if let Some(value) = environment(VARIABLE).filter(|value| !value.is_empty()) {
        return value.trim().parse().map_err(|_| InvalidSeed { value });
    }
    let bits = match common_origin(environment) {
        Some(origin) => hashed(&origin),
        None => RandomState::new().build_hasher().finish(),
    };
    // Half of the bits suffice, and a person copies them.
    Ok((bits ^ (bits >> 32)) & u64::from(u32::MAX))
}

/// Brings items into an order that follows from the seed.
pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let other = bits % (last as u64 + 1);
        items.swap(last, usize::try_from(other).unwrap_or_default());
    }
}

/// FNV-1a: the same in every process and every build.
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<u64, InvalidSeed> {
        drawn(&|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_fixes_it() {
        assert_eq!(with(&[("CHOREO_SEED", "42")]), Ok(42));
        assert_eq!(with(&[("CHOREO_SEED", " 7\n")]), Ok(7));
        let most = u64::MAX.to_string();
        assert_eq!(with(&[("CHOREO_SEED", &most)]), Ok(u64::MAX));
        for value in ["x", "-1", "1.5", "18446744073709551616"] {
            let error = with(&[("CHOREO_SEED", value)]).expect_err("it is no seed");
            let text = error.to_string();
            assert!(text.contains(VARIABLE) && text.contains(value), "{text}");
        }
    }

    #[test]
    fn the_processes_of_a_run_share_it_and_other_runs_do_not() {
        let run = |id: &str| with(&[("NEXTEST_RUN_ID", id)]).expect("there is one");
        assert_eq!(run("4f2a"), run("4f2a"));
        assert_ne!(run("4f2a"), run("4f2b"));
        assert!(run("4f2a") <= u64::from(u32::MAX));
        assert_eq!(
            with(&[("NEXTEST_RUN_ID", "4f2a"), ("CHOREO_SEED", "")]),
            Ok(run("4f2a")),
            "a variable that is set to nothing is not set"
        );
    }
}
