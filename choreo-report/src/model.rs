//! What one scenario left behind: its outcome, its handles with their latencies, its failure text.
//!
//! These types are data and are meant to be stored; they carry no behaviour beyond construction.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How an expectation, or a whole scenario, ended. Ordered: the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// How one expectation of a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandleRecord {
    /// The topic on which the message was expected.
    pub topic: String,
    /// How the expectation ended.
    pub outcome: Outcome,
    /// From the trigger to the receipt of the matching message; `None` if none came.
    pub latency: Option<Duration>,
    /// The latency that the scenario allowed; `None` if it set no budget.
    pub budget: Option<Duration>,
}

impl HandleRecord {
    /// The record of an expectation on `topic`, without latency or budget.
    pub fn new(topic: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            topic: topic.into(),
            outcome,
            latency: None,
            budget: None,
        }
    }

    /// Sets the latency, where a matching message came.
    #[must_use]
    pub fn with_latency(mut self, latency: impl Into<Option<Duration>>) -> Self {
        self.latency = latency.into();
        self
    }

    /// Sets the budget, where the scenario has one for this expectation.
    #[must_use]
    pub fn with_budget(mut self, budget: impl Into<Option<Duration>>) -> Self {
        self.budget = budget.into();
        self
    }
}

/// How one scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScenarioRecord {
    /// The worst outcome among the handles and the body of the scenario.
    pub outcome: Outcome,
    /// The expectations, in the order in which the scenario states them.
    pub handles: Vec<HandleRecord>,
    /// From the start of the scenario's body to its end.
    pub duration: Duration,
    /// The rendered explanation of a failure: present exactly if `outcome` is worse than slow.
    pub failure: Option<String>,
}

impl ScenarioRecord {
    /// The record of a scenario that ended with `outcome`. A failure text belongs to an outcome
    /// worse than slow, and every such outcome needs one: a text given with a better outcome is
    /// dropped, and a missing one is replaced by the name of the outcome.
    #[must_use]
    pub fn new(
        outcome: Outcome,
        handles: Vec<HandleRecord>,
        duration: Duration,
        failure: Option<String>,
    ) -> Self {
        let failure = if outcome.is_failure() {
            Some(failure.unwrap_or_else(|| format!("{outcome} (no further explanation)")))
        } else {
            None
        };
        Self {
            outcome,
            handles,
            duration,
            failure,
        }
    }

    /// The record of a scenario that could not be carried out, with the reason.
    pub fn error(failure: impl Into<String>, duration: Duration) -> Self {
        Self::new(Outcome::Error, Vec::new(), duration, Some(failure.into()))
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
    fn a_failure_text_is_present_exactly_for_failures() {
        let text = || Some("why".to_owned());
        let slow = ScenarioRecord::new(Outcome::Slow, Vec::new(), Duration::ZERO, text());
        assert_eq!(slow.failure, None);
        let fail = ScenarioRecord::new(Outcome::Fail, Vec::new(), Duration::ZERO, text());
        assert_eq!(fail.failure.as_deref(), Some("why"));
        let bare = ScenarioRecord::new(Outcome::Timeout, Vec::new(), Duration::ZERO, None);
        assert!(bare.failure.is_some_and(|text| text.contains("timeout")));
    }
}
