//! A message that a scenario saw or sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Extra, Millis};

/// A message that a scenario saw or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Message {
    /// Its name in the scenario: `m1`, `m2` …
    #[cfg_attr(test, schemars(regex(pattern = "^m[1-9][0-9]*$")))]
    pub id: String,
    /// Where it came, or went to.
    pub topic: String,
    /// On which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Whether it came or went.
    pub direction: Direction,
    /// When, from the start of the scenario.
    pub offset_ms: Millis,
    /// Its key, where the transport has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its headers: a text each, or a list of texts where one is there several times.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Value>,
    /// What the transport says about it, such as partition and offset.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
    /// Where an answer to it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Of its payload, in bytes.
    pub size: u64,
    /// How `payload` stands for the payload.
    pub encoding: Encoding,
    /// Its payload; left out when it was not kept.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub payload: Option<Value>,
    /// `payload` is shortened, or left out because of its size.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub truncated: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Message {
    /// A message without payload.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        topic: impl Into<String>,
        direction: Direction,
        offset_ms: impl Into<Millis>,
        size: u64,
        encoding: Encoding,
    ) -> Self {
        Self {
            id: id.into(),
            topic: topic.into(),
            transport: None,
            direction,
            offset_ms: offset_ms.into(),
            key: None,
            headers: BTreeMap::new(),
            metadata: BTreeMap::new(),
            reply_to: None,
            size,
            encoding,
            payload: None,
            truncated: false,
            extra: Extra::new(),
        }
    }
}

words! {
    /// Whether a message came or went, seen from the test.
    pub enum Direction or other {
        /// It came.
        In = "in",
        /// It went.
        Out = "out",
    }
}

words! {
    /// How the payload of a message is written in a report.
    pub enum Encoding or other {
        /// As the JSON value that it is.
        Json = "json",
        /// As a text.
        Text = "text",
        /// As bytes, in Base64.
        Base64 = "base64",
    }
}
