//! What is expected of each scenario in `fixtures/outcomes/tests/outcomes.rs`, as data.

use Ends::{
    Denied, Errs, Fails, FailsAsExpected, Ignored, Passes, PassesAgainstExpectation, Refused,
    Retried, Skipped, Slow, TimesOut,
};

/// A scenario of the fixture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// Its full name.
    pub(crate) name: &'static str,
    pub(crate) ends: Ends,
    /// What its explanation contains, if it fails.
    pub(crate) says: &'static str,
}

/// How a scenario ends, whatever the policies of the run make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Passes,
    Slow,
    /// Slow, and it says itself that it must not be.
    Denied,
    Fails,
    TimesOut,
    Errs,
    /// Its harness cannot be opened.
    Refused,
    Skipped,
    Ignored,
    FailsAsExpected,
    PassesAgainstExpectation,
    /// Passes only as a second attempt, which only nextest makes.
    Retried,
}

/// The policies of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) deny_slow: bool,
    pub(crate) deny_skipped: bool,
}

/// Every combination.
pub(crate) const POLICIES: [Policies; 4] = [
    policies(false, false),
    policies(true, false),
    policies(false, true),
    policies(true, true),
];

/// What applies if nobody asks for anything.
pub(crate) const LENIENT: Policies = POLICIES[0];

const fn policies(deny_slow: bool, deny_skipped: bool) -> Policies {
    Policies {
        deny_slow,
        deny_skipped,
    }
}

impl Policies {
    /// As a user states them in the environment.
    pub(crate) fn variables(self) -> Vec<(&'static str, &'static str)> {
        let policy = |deny| if deny { "deny" } else { "warn" };
        vec![
            ("CHOREO_SLOW", policy(self.deny_slow)),
            ("CHOREO_SKIP", policy(self.deny_skipped)),
        ]
    }
}

impl Scenario {
    /// Whether a process that runs only this scenario reports success.
    pub(crate) fn succeeds(self, policies: Policies) -> bool {
        match self.ends {
            Passes | Ignored | FailsAsExpected => true,
            Slow => !policies.deny_slow,
            Skipped => !policies.deny_skipped,
            Denied | Fails | TimesOut | Errs | Refused | PassesAgainstExpectation | Retried => {
                false
            }
        }
    }

    /// What follows its name in the output of `cargo test`.
    pub(crate) fn line(self, policies: Policies) -> &'static str {
        match self.ends {
            Passes => "ok",
            Slow if policies.deny_slow => "FAILED (slow: ",
            Slow => "ok SLOW (",
            Denied => "FAILED (slow: ",
            Fails | Retried => "FAILED (fail",
            TimesOut => "FAILED (timeout after ",
            Errs => "FAILED (error)",
            Refused => "FAILED (error: `refused` could not be opened)",
            Skipped if policies.deny_skipped => "FAILED (skipped)",
            Skipped => "skipped, the fixture's broker is not installed",
            Ignored => "ignored, not now",
            FailsAsExpected => "ok (failed as expected: timeout — known)",
            PassesAgainstExpectation => "FAILED (should fail but passed — known; slowest ",
        }
    }
}

const fn scenario(name: &'static str, ends: Ends, says: &'static str) -> Scenario {
    Scenario { name, ends, says }
}

/// The fixture's scenarios, in the order of its source.
pub(crate) const SCENARIOS: [Scenario; 15] = [
    scenario("passes", Passes, ""),
    scenario("is_slow", Slow, "budget 1 ns"),
    scenario(
        "is_slow_and_denies_it",
        Denied,
        "this scenario (slow = deny)",
    ),
    scenario("fails", Fails, "count"),
    scenario("times_out", TimesOut, "silence"),
    scenario("errs", Errs, "nothing is expected"),
    scenario("panics", Fails, "the fixture panics"),
    scenario("returns_an_error", Fails, "the fixture returns this"),
    scenario("cannot_connect", Refused, "the fixture refuses to connect"),
    scenario(
        "is_skipped",
        Skipped,
        "the fixture's broker is not installed",
    ),
    scenario("is_ignored", Ignored, ""),
    scenario("fails_as_expected", FailsAsExpected, ""),
    scenario(
        "passes_against_expectation",
        PassesAgainstExpectation,
        "should fail (known) but passed",
    ),
    scenario("nested::passes_in_a_module", Passes, ""),
    scenario(
        "nested::passes_at_the_second_attempt",
        Retried,
        "the attempt",
    ),
];

/// Each scenario without any policy, and under those that change what it reports.
pub(crate) fn telling_runs() -> impl Iterator<Item = (Scenario, Policies)> {
    SCENARIOS.into_iter().flat_map(|scenario| {
        POLICIES
            .into_iter()
            .filter(move |policies| {
                *policies == LENIENT || scenario.line(*policies) != scenario.line(LENIENT)
            })
            .map(move |policies| (scenario, policies))
    })
}
