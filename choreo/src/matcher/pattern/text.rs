//! `=~ r"…"`, `contains "…"`, `prefix "…"`, `suffix "…"`, `ignore_case …` and `bytes b"…"`: strings
//! and raw payloads.

use regex::Regex;
use serde_json::Value;

use super::super::{Mismatch, Subject, Verdict};
use super::{Kind, Pattern};

/// A string in which the regex finds something; anchors are the regex's own.
pub(crate) fn regex(regex: &Regex, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    match subject.value {
        Some(Value::String(text)) if regex.is_match(text) => Ok(()),
        Some(Value::String(_)) => Err(Mismatch::predicate(pattern.description(), subject)),
        _ => Err(Mismatch::type_mismatch(pattern.description(), subject)),
    }
}

/// How a text stands in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is all of it.
    Whole,
    /// It is somewhere in it.
    Inside,
    /// The string begins with it.
    Prefix,
    /// The string ends with it.
    Suffix,
}

impl Part {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Whole => text == part,
            Self::Inside => text.contains(part),
            Self::Prefix => text.starts_with(part),
            Self::Suffix => text.ends_with(part),
        }
    }

    fn holds_bytes(self, bytes: &[u8], part: &[u8]) -> bool {
        match self {
            Self::Whole => bytes == part,
            Self::Inside => {
                part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
            }
            Self::Prefix => bytes.starts_with(part),
            Self::Suffix => bytes.ends_with(part),
        }
    }
}

/// A condition on a string, or on the payload of a whole message.
pub(crate) struct Text {
    pub(crate) part: Part,
    pub(crate) text: String,
    /// The lower-case form of `text`, if case does not count.
    folded: Option<String>,
}

impl Text {
    pub(crate) fn pattern(part: Part, text: impl Into<String>, ignore_case: bool) -> Pattern {
        let text = text.into();
        let folded = ignore_case.then(|| text.to_lowercase());
        Pattern::new(Kind::Text(Self { part, text, folded }))
    }

    pub(crate) fn ignores_case(&self) -> bool {
        self.folded.is_some()
    }

    fn holds(&self, text: &str) -> bool {
        match &self.folded {
            None => self.part.holds(text, &self.text),
            Some(folded) => self.part.holds(&text.to_lowercase(), folded),
        }
    }

    fn holds_bytes(&self, bytes: &[u8]) -> bool {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.holds(text),
            // Bytes that are no text have no case.
            Err(_) => self.part.holds_bytes(bytes, self.text.as_bytes()),
        }
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let in_value = match subject.value {
            Some(Value::String(text)) => Some(self.holds(text)),
            _ => None,
        };
        let in_raw = subject.raw.map(|raw| self.holds_bytes(raw));
        match (in_value, in_raw) {
            (Some(true), _) | (_, Some(true)) => Ok(()),
            (None, None) => Err(Mismatch::type_mismatch(pattern.description(), subject)),
            _ => Err(Mismatch::predicate(pattern.description(), subject)),
        }
    }
}

/// A whole message with exactly this payload.
pub(crate) fn bytes(expected: &[u8], subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    match subject.raw {
        Some(raw) if raw == expected => Ok(()),
        Some(_) => Err(Mismatch::predicate(pattern.description(), subject)),
        // A value inside a message has no bytes of its own.
        None => Err(Mismatch::type_mismatch(pattern.description(), subject)),
    }
}
