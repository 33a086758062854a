//! What happened in a scenario.

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Extra, Millis, Timestamp};

/// One thing that happened in a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Event {
    /// When, from the start of the scenario.
    pub offset_ms: Millis,
    /// When, by the clock of the machine.
    pub wall_clock: Timestamp,
    /// What.
    pub action: Action,
    /// More, in a few words; often empty.
    pub detail: String,
    /// Where, if it has a topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// On which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Reserved by version 1.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_topic: Option<String>,
    /// Which part of the scenario it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Its name in the scenario: `e1`, `e2` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^e[1-9][0-9]*$")))]
    pub id: Option<String>,
    /// The event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^e[1-9][0-9]*$")))]
    pub parent: Option<String>,
    /// The message that came or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^m[1-9][0-9]*$")))]
    pub message: Option<String>,
    /// The expectation that looked at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^h[1-9][0-9]*$")))]
    pub handle: Option<String>,
    /// The reply that looked at it, or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^r[1-9][0-9]*$")))]
    pub reply: Option<String>,
    /// In which act, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Event {
    /// An event without details.
    #[must_use]
    pub fn new(offset_ms: impl Into<Millis>, wall_clock: Timestamp, action: Action) -> Self {
        Self {
            offset_ms: offset_ms.into(),
            wall_clock,
            action,
            detail: String::new(),
            topic: None,
            transport: None,
            logical_topic: None,
            source: None,
            id: None,
            parent: None,
            message: None,
            handle: None,
            reply: None,
            act: None,
            extra: Extra::new(),
        }
    }
}

words! {
    /// What happened. The last five are new in version 1.4.
    pub enum Action or other {
        /// The test published a message.
        Published = "published",
        /// A message came.
        Received = "received",
        /// A message matched an expectation.
        Matched = "matched",
        /// A message came and was wrong.
        Mismatched = "mismatched",
        /// The time was up.
        Deadline = "deadline",
        /// A message was not looked at because of its correlation id.
        CorrelationSkipped = "correlation_skipped",
        /// A reply answered.
        Replied = "replied",
        /// A reply could not answer.
        ReplyFailed = "reply_failed",
        /// The broker has confirmed every subscription.
        Ready = "ready",
        /// The test triggered the system by other means than a message.
        Began = "began",
        /// A message came that must not have come.
        Violation = "violation",
        /// The scenario went on to its next act.
        NextAct = "next_act",
        /// Something ended the scenario.
        Error = "error",
    }
}

words! {
    /// Which part of a scenario an event concerns.
    pub enum Source or other {
        /// A message that the test published.
        Publish = "publish",
        /// An expectation.
        Expect = "expect",
        /// A reply.
        Reply = "reply",
        /// The scenario as a whole.
        Scope = "scope",
    }
}
