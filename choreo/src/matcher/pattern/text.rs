//! `=~ r"…"`, `contains "…"` and `bytes b"…"`: strings and raw payloads.

use regex::Regex;
use serde_json::Value;

use super::super::{Mismatch, Subject, Verdict};
use super::Pattern;

/// A string in which the regex finds something; anchors are the regex's own.
pub(crate) fn regex(regex: &Regex, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    match subject.value {
        Some(Value::String(text)) if regex.is_match(text) => Ok(()),
        Some(Value::String(_)) => Err(Mismatch::predicate(pattern.description(), subject)),
        _ => Err(Mismatch::type_mismatch(pattern.description(), subject)),
    }
}

/// A string that has this part, or a whole message whose payload has it.
pub(crate) fn contains(part: &str, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let in_value = match subject.value {
        Some(Value::String(text)) => Some(text.contains(part)),
        _ => None,
    };
    let in_raw = subject.raw.map(|raw| match std::str::from_utf8(raw) {
        Ok(text) => text.contains(part),
        Err(_) => bytes_contain(raw, part.as_bytes()),
    });
    match (in_value, in_raw) {
        (Some(true), _) | (_, Some(true)) => Ok(()),
        (None, None) => Err(Mismatch::type_mismatch(pattern.description(), subject)),
        _ => Err(Mismatch::predicate(pattern.description(), subject)),
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

fn bytes_contain(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
