//! What a scenario hands to the runner when it ends: its outcome, its handles with their latencies, its failure
//! text, and behind `detail` all that a report shows of it.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Outcome, Scenario};

/// How one expectation of a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandleRecord {
    /// The topic on which the message was expected.
    pub topic: String,
    /// The transport of the stage; `None` when the scenario has one transport only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
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
            transport: None,
            outcome,
            latency: None,
            budget: None,
        }
    }

    /// Sets the transport, where the scenario has several.
    #[must_use]
    pub fn with_transport(mut self, transport: Option<String>) -> Self {
        self.transport = transport;
        self
    }

    /// Where the message was expected, for people: `orders`, or on a stage `orders on kafka`.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.transport {
            Some(transport) => format!("{} on {transport}", self.topic),
            None => self.topic.clone(),
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
    /// The scenario as a report shows it, unless nobody wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<Scenario>>,
    /// What a report shows otherwise in the failure text: the scenario's correlation ids.
    #[serde(skip)]
    pub replacements: Replacements,
}

/// Texts that no report shows, and what stands in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replacements(Vec<(String, String)>);

impl Replacements {
    /// Pairs of a text and what stands in its place. One text may be part of another.
    #[must_use]
    pub fn new(mut pairs: Vec<(String, String)>) -> Self {
        pairs.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then(one.cmp(other)));
        pairs.dedup();
        Self(pairs)
    }

    /// A text as reports show it.
    #[must_use]
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (hidden, shown) in &self.0 {
            if !hidden.is_empty() && text.contains(hidden.as_str()) {
                text = Cow::Owned(text.replace(hidden.as_str(), shown));
            }
        }
        text
    }
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
            detail: None,
            replacements: Replacements::default(),
        }
    }

    /// Adds the scenario as a report shows it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Option<Box<Scenario>>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says what a report shows otherwise.
    #[must_use]
    pub fn with_replacements(mut self, replacements: Replacements) -> Self {
        self.replacements = replacements;
        self
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
    fn a_text_that_is_part_of_another_leaves_nothing_of_it() {
        let pair = |hidden: &str, shown: &str| (hidden.to_owned(), shown.to_owned());
        let ids = Replacements::new(vec![pair("abc-1", "#1"), pair("TEST-abc-1", "#2")]);
        assert_eq!(ids.apply("TEST-abc-1 and abc-1"), "#2 and #1");
        assert_eq!(ids.apply("abc-2"), "abc-2");
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
