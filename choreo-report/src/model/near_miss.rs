//! How a message differs from what was expected.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Extra, Millis};

/// A message that came and was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NearMiss {
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^m[1-9][0-9]*$")))]
    pub message: Option<String>,
    /// When it came, from the start of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<Millis>,
    /// How far it is from what was expected: the lower, the closer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u64>,
    /// How it differs.
    pub differences: Vec<Difference>,
    /// Differences that are not in `differences`: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences_dropped: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl NearMiss {
    /// A near miss with these differences.
    #[must_use]
    pub fn new(differences: Vec<Difference>) -> Self {
        Self {
            message: None,
            offset_ms: None,
            score: None,
            differences,
            differences_dropped: None,
            extra: Extra::new(),
        }
    }

    /// As version 1.3 says it; none without a difference.
    #[must_use]
    pub fn failure(&self) -> Option<MatchFailure> {
        let single = |difference: &Difference| {
            MatchFailure::new(
                difference.kind.clone(),
                match difference.path.as_str() {
                    "" => "<root>",
                    path => path,
                },
                difference.expected.clone().unwrap_or_default(),
                difference.actual.clone().unwrap_or_default(),
            )
        };
        match self.differences.as_slice() {
            [] => None,
            [only] => Some(single(only)),
            several => {
                let mut all =
                    MatchFailure::new(MismatchKind::Composed, "all_of", Value::Null, Value::Null);
                all.children = several.iter().map(single).collect();
                Some(all)
            }
        }
    }
}

/// One difference between a message and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Difference {
    /// Where, such as `order.items[0].count`; empty for the message as a whole.
    pub path: String,
    /// What kind of difference.
    pub kind: MismatchKind,
    /// What was expected: a value, or words.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub expected: Option<Value>,
    /// What was there; left out when nothing was.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub actual: Option<Value>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Difference {
    /// A difference at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, kind: MismatchKind) -> Self {
        Self {
            path: path.into(),
            kind,
            expected: None,
            actual: None,
            extra: Extra::new(),
        }
    }
}

/// How a message differs, as version 1.3 says it: a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MatchFailure {
    /// What kind of difference.
    pub kind: MismatchKind,
    /// Dotted, or one of `<root>`, `<raw>`, `all_of` and `any_of`.
    pub path: String,
    /// What was expected.
    pub expected: Value,
    /// What was there; null when nothing was.
    pub actual: Value,
    /// The differences that this one consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<MatchFailure>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MatchFailure {
    /// A difference without parts.
    #[must_use]
    pub fn new(
        kind: MismatchKind,
        path: impl Into<String>,
        expected: Value,
        actual: Value,
    ) -> Self {
        Self {
            kind,
            path: path.into(),
            expected,
            actual,
            children: Vec::new(),
            extra: Extra::new(),
        }
    }
}

words! {
    /// What kind of difference there is.
    pub enum MismatchKind or other {
        /// The field is not there.
        Missing = "missing",
        /// The value is another one.
        Mismatch = "mismatch",
        /// The value is of another type, or the payload does not decode.
        TypeMismatch = "type_mismatch",
        /// The value breaks a condition.
        Predicate = "predicate",
        /// Several differences.
        Composed = "composed",
    }
}
