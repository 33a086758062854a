//! A part of the system that a scenario played.

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Cause, Extra, Location, NearMiss};

/// A part of the system that a scenario played: it answers messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reply {
    /// What it answers.
    pub trigger_topic: String,
    /// Where it answers.
    pub reply_topic: String,
    /// How far it came.
    pub state: ReplyState,
    /// Which messages it answers, in words; `(any)` for all.
    pub matcher_description: String,
    /// How many messages came.
    pub candidate_count: u64,
    /// How many of them it answers.
    pub match_count: u64,
    /// An answer went out.
    pub reply_published: bool,
    /// The name of the type of the error that kept it from answering.
    pub builder_error: Option<String>,
    /// An answer went out with another id than the scenario's, or with none.
    pub correlation_overridden: bool,
    /// On which transport it listens, if the scenario has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_transport: Option<String>,
    /// On which transport it answers, if the scenario has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_transport: Option<String>,
    /// Its name in the scenario: `r1`, `r2` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^r[1-9][0-9]*$")))]
    pub id: Option<String>,
    /// The act in which it was declared, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<u32>,
    /// Where it was declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// On which transport it listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// How many answers went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// What it did when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<ReplyStep>,
    /// What kept it from answering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_text: Option<String>,
    /// The scenario passes only if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The messages that it did not answer, the closest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<NearMiss>,
    /// How many messages it did not answer because of its pattern, also those that are not in `near_misses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_miss_count: Option<u64>,
    /// The messages that it answered, and last the one that it could not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^m[1-9][0-9]*$"))))]
    pub trigger_messages: Vec<String>,
    /// Its answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^m[1-9][0-9]*$"))))]
    pub response_messages: Vec<String>,
    /// Why it made the scenario fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Reply {
    /// A reply to any message, of which nothing else is known.
    #[must_use]
    pub fn new(
        trigger_topic: impl Into<String>,
        reply_topic: impl Into<String>,
        state: ReplyState,
    ) -> Self {
        Self {
            trigger_topic: trigger_topic.into(),
            reply_topic: reply_topic.into(),
            state,
            matcher_description: "(any)".to_owned(),
            candidate_count: 0,
            match_count: 0,
            reply_published: false,
            builder_error: None,
            correlation_overridden: false,
            trigger_transport: None,
            response_transport: None,
            id: None,
            act: None,
            location: None,
            transport: None,
            answers: None,
            failed_at: None,
            error_text: None,
            required: None,
            near_misses: Vec::new(),
            near_miss_count: None,
            trigger_messages: Vec::new(),
            response_messages: Vec::new(),
            cause: None,
            extra: Extra::new(),
        }
    }
}

words! {
    /// How far a reply came.
    pub enum ReplyState {
        /// No message came.
        ArmedNoMatch = "armed_no_match",
        /// Messages came, and it answers none of them.
        ArmedMatcherMismatched = "armed_matcher_mismatched",
        /// It answered.
        Replied = "replied",
        /// It could not answer.
        ReplyFailed = "reply_failed",
    }
}

words! {
    /// What a reply does once it was asked.
    pub enum ReplyStep or other {
        /// It makes its answer.
        Build = "build",
        /// It hands its answer to the broker.
        Send = "send",
    }
}
