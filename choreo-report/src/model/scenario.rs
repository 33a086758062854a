//! One scenario of a test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cause, Event, Extra, Handle, Location, Message, Millis, Outcome, Reply, ScenarioOutcome,
};

/// One scenario of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What its messages carry, as `sha256:` and 16 hex digits; none without correlation. The Python tool
    /// wrote it in clear.
    pub correlation_id: Option<String>,
    /// How it ended, in the words of version 1.3.
    pub outcome: ScenarioOutcome,
    /// How long it took.
    pub duration_ms: Millis,
    /// Its body ran to its end.
    pub completed_normally: bool,
    /// What it expects.
    pub handles: Vec<Handle>,
    /// What happened, in order of time.
    pub timeline: Vec<Event>,
    /// Events that are not in the timeline: the oldest.
    pub timeline_dropped: u64,
    /// The parts of the system that it played.
    pub replies: Vec<Reply>,
    /// The failure text of the Python tool.
    pub summary_text: String,
    /// Present exactly if the scenario has several transports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// How it ended, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Outcome>,
    /// When it began, from the start of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<Millis>,
    /// How long it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<Millis>,
    /// Why it could not be carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ScenarioError>,
    /// How its body ended, if not by itself: a panic, or the error that it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_error: Option<String>,
    /// The transports that it used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<TransportUse>,
    /// Its steps, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
    /// The messages that it saw and sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// Messages that are not in `messages`: the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_dropped: Option<u64>,
    /// Messages on its topics that nobody expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surprises: Vec<Surprise>,
    /// Such messages that are not in `surprises`: the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surprises_dropped: Option<u64>,
    /// Expectations that were met in the wrong order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_violations: Vec<OrderViolation>,
    /// Why it failed: the cause that says most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Scenario {
    /// A scenario that ended with `outcome`, with nothing in it.
    #[must_use]
    pub fn new(name: impl Into<String>, outcome: Outcome, duration_ms: impl Into<Millis>) -> Self {
        Self {
            name: name.into(),
            correlation_id: None,
            outcome: outcome.into(),
            duration_ms: duration_ms.into(),
            completed_normally: true,
            handles: Vec::new(),
            timeline: Vec::new(),
            timeline_dropped: 0,
            replies: Vec::new(),
            summary_text: String::new(),
            stage: None,
            verdict: Some(outcome),
            started_ms: None,
            timeout_ms: None,
            error: None,
            body_error: None,
            transports: Vec::new(),
            acts: Vec::new(),
            messages: Vec::new(),
            messages_dropped: None,
            surprises: Vec::new(),
            surprises_dropped: None,
            order_violations: Vec::new(),
            cause: None,
            extra: Extra::new(),
        }
    }
}

impl Scenario {
    /// How it ended, as exactly as the report says.
    #[must_use]
    pub fn exact_outcome(&self) -> Outcome {
        self.verdict.unwrap_or_else(|| self.outcome.into())
    }
}

/// The transports of a scenario with several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Stage {
    /// What joins their correlation ids.
    pub bridge_class: String,
    /// Their names, sorted.
    pub transports: Vec<String>,
    /// What messages carry on each of them, as `sha256:` and 16 hex digits.
    pub correlation_ids: BTreeMap<String, String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Stage {
    /// The transports of a scenario, without ids.
    #[must_use]
    pub fn new(bridge_class: impl Into<String>, transports: Vec<String>) -> Self {
        Self {
            bridge_class: bridge_class.into(),
            transports,
            correlation_ids: BTreeMap::new(),
            extra: Extra::new(),
        }
    }
}

/// Why a scenario could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScenarioError {
    /// A word for the kind of trouble, such as `publish` or `lost`.
    pub kind: String,
    /// What happened, to what, and what to do about it.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ScenarioError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            text: text.into(),
            extra: Extra::new(),
        }
    }
}

/// A transport that a scenario used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TransportUse {
    /// Its name in the stage, or its kind if the scenario has only this one. Events, handles and messages name it so.
    pub name: String,
    /// Such as `nats`.
    pub kind: String,
    /// Where the broker is, without user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl TransportUse {
    /// A transport.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            endpoint: None,
            extra: Extra::new(),
        }
    }
}

/// One step of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Act {
    /// Which, from 1.
    pub index: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began; this and the other times are from the start of the scenario.
    pub start_ms: Millis,
    /// When it was triggered, from which latencies count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_ms: Option<Millis>,
    /// When it was settled.
    pub end_ms: Millis,
    /// How long it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<Millis>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Act {
    /// An act that was never triggered.
    #[must_use]
    pub fn new(
        index: u32,
        outcome: Outcome,
        start_ms: impl Into<Millis>,
        end_ms: impl Into<Millis>,
    ) -> Self {
        Self {
            index,
            outcome,
            start_ms: start_ms.into(),
            trigger_ms: None,
            end_ms: end_ms.into(),
            timeout_ms: None,
            extra: Extra::new(),
        }
    }
}

/// A message that nobody expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Surprise {
    /// Where it came.
    pub topic: String,
    /// On which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// What it carries as its correlation id, as `sha256:` and 16 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^sha256:[0-9a-f]{16}$")))]
    pub id: Option<String>,
    /// Of its payload, in bytes.
    pub size: u64,
    /// What kind of surprise it is.
    pub class: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Surprise {
    /// A message without id.
    #[must_use]
    pub fn new(topic: impl Into<String>, size: u64, class: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            transport: None,
            id: None,
            size,
            class: class.into(),
            extra: Extra::new(),
        }
    }
}

/// Two expectations that were met in the wrong order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OrderViolation {
    /// The handle that should have come first.
    #[cfg_attr(test, schemars(regex(pattern = "^h[1-9][0-9]*$")))]
    pub first: String,
    /// The handle that came before it.
    #[cfg_attr(test, schemars(regex(pattern = "^h[1-9][0-9]*$")))]
    pub second: String,
    /// By how much.
    pub by_ms: Millis,
    /// Where the order was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl OrderViolation {
    /// `second` came before `first`.
    #[must_use]
    pub fn new(
        first: impl Into<String>,
        second: impl Into<String>,
        by_ms: impl Into<Millis>,
    ) -> Self {
        Self {
            first: first.into(),
            second: second.into(),
            by_ms: by_ms.into(),
            location: None,
            extra: Extra::new(),
        }
    }
}
