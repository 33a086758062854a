//! `literal`, `(expr)`, `null` and `!= e`: equality by value.

use serde_json::Value;

use super::super::{Mismatch, MismatchKind, Subject, Verdict};
use super::collect::Differences;
use super::{Pattern, describe};
use crate::value;

/// Equal by value; objects and lists are compared part by part, so that each difference has its
/// own path.
pub(crate) fn equal(expected: &Value, subject: Subject<'_>) -> Verdict {
    let Some(actual) = subject.value else {
        return Err(Mismatch::predicate(describe::literal(expected), subject));
    };
    let mut differences = Differences::default();
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, expected) in expected {
                let field = actual.get(key).map_or(Subject::absent(), Subject::present);
                if let Err(difference) = equal(expected, field) {
                    differences.push(difference.under(key.as_str()));
                }
            }
            for (key, actual) in actual {
                if !expected.contains_key(key) {
                    differences.push_bounded(|| Mismatch::unexpected(actual).under(key.as_str()));
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            for (index, expected) in expected.iter().enumerate() {
                let element = actual
                    .get(index)
                    .map_or(Subject::absent(), Subject::present);
                if let Err(difference) = equal(expected, element) {
                    differences.push_bounded(|| difference.under(index));
                }
            }
            for (index, actual) in actual.iter().enumerate().skip(expected.len()) {
                differences.push_bounded(|| Mismatch::unexpected(actual).under(index));
            }
        }
        _ if value::equal(expected, actual) => {}
        _ => {
            let kind = if value::same_type(expected, actual) {
                MismatchKind::Mismatch
            } else {
                MismatchKind::TypeMismatch
            };
            return Err(Mismatch::new(kind, describe::literal(expected), subject));
        }
    }
    differences.verdict(|| describe::literal(expected), subject)
}

/// There, and not equal.
pub(crate) fn not_equal(unwanted: &Value, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    match subject.value {
        Some(actual) if !value::equal(unwanted, actual) => Ok(()),
        _ => Err(Mismatch::predicate(pattern.description(), subject)),
    }
}
