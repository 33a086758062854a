//! How things ended, in the report's words and in ours.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::words;

/// How an expectation, or a whole scenario, ended. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The expected message came, within its budget if it had one.
    Pass,
    /// The expected message came, later than its latency budget allows.
    Slow,
    /// Messages came and were wrong, or something came that must not, or an assertion in the body of
    /// the scenario did not hold.
    Fail,
    /// Nothing that could be compared came before the timeout: usually a routing problem.
    Timeout,
    /// The scenario could not be carried out: a lost connection, a refused publish.
    Error,
}

impl Outcome {
    /// Every outcome, the best first.
    pub const ALL: [Self; 5] = [
        Self::Pass,
        Self::Slow,
        Self::Fail,
        Self::Timeout,
        Self::Error,
    ];

    /// Whether this is a failure whatever the policy on slow scenarios is: worse than
    /// [`Slow`](Self::Slow).
    #[must_use]
    pub fn is_failure(self) -> bool {
        self > Self::Slow
    }

    /// The lower-case word for this outcome, as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Slow => "slow",
            Self::Fail => "fail",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

words! {
    /// How a test ended, as version 1.3 says it.
    pub enum TestOutcome {
        /// As it should.
        Passed = "passed",
        /// Something that it expects did not hold.
        Failed = "failed",
        /// It could not be carried out, or nothing is known of its end.
        Errored = "errored",
        /// It was not run.
        Skipped = "skipped",
        /// It passed, with an expectation over its budget.
        Slow = "slow",
    }
}

words! {
    /// How a scenario ended, as version 1.3 says it; the exact outcome is its verdict.
    pub enum ScenarioOutcome {
        /// All came that should.
        Pass = "pass",
        /// Something that it expects did not hold, or it could not be carried out.
        Fail = "fail",
        /// Something that it expects did not come.
        Timeout = "timeout",
        /// All came, and something over its budget.
        Slow = "slow",
    }
}

words! {
    /// How an expectation ended, as version 1.3 says it; the exact outcome is its verdict.
    pub enum HandleOutcome {
        /// Its message came.
        Pass = "pass",
        /// Messages came and were wrong.
        Fail = "fail",
        /// No message came.
        Timeout = "timeout",
        /// Its message came, over the budget.
        Slow = "slow",
        /// It was never judged.
        Pending = "pending",
    }
}

impl From<Outcome> for ScenarioOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Slow => Self::Slow,
            Outcome::Timeout => Self::Timeout,
            Outcome::Fail | Outcome::Error => Self::Fail,
        }
    }
}

impl From<Outcome> for HandleOutcome {
    /// An error is a failure here: version 1.3 has no word for it.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Slow => Self::Slow,
            Outcome::Timeout => Self::Timeout,
            Outcome::Fail | Outcome::Error => Self::Fail,
        }
    }
}

impl From<Outcome> for TestOutcome {
    /// Of a test that is one scenario, when slow is no failure.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Passed,
            Outcome::Slow => Self::Slow,
            Outcome::Fail | Outcome::Timeout => Self::Failed,
            Outcome::Error => Self::Errored,
        }
    }
}

impl From<ScenarioOutcome> for Outcome {
    fn from(outcome: ScenarioOutcome) -> Self {
        match outcome {
            ScenarioOutcome::Pass => Self::Pass,
            ScenarioOutcome::Slow => Self::Slow,
            ScenarioOutcome::Fail => Self::Fail,
            ScenarioOutcome::Timeout => Self::Timeout,
        }
    }
}

impl TestOutcome {
    /// Whether the test makes the run fail.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_ordered_from_best_to_worst() {
        assert!(Outcome::ALL.is_sorted());
        assert!(!Outcome::Slow.is_failure());
        assert!(Outcome::Fail.is_failure());
        assert_eq!(Outcome::ALL.into_iter().max(), Some(Outcome::Error));
    }

    #[test]
    fn outcomes_are_written_in_lower_case_and_can_be_padded() {
        assert_eq!(
            format!("[{:<7}] [{}]", Outcome::Fail, Outcome::Timeout),
            "[fail   ] [timeout]"
        );
    }

    #[test]
    fn an_unknown_outcome_is_an_error_that_names_the_known_ones() {
        let error = serde_json::from_str::<TestOutcome>(r#""flaky""#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`flaky` is none of the known words: passed, failed, errored, skipped, slow at line 1 column 7"
        );
    }
}
