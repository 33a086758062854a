//! `approx 250ms +- 20ms`: lengths of time as services write them.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize as _;
use serde_json::Value;

use super::super::{Actual, Mismatch, Subject, Verdict};
use super::Pattern;
use crate::matcher::diff;

/// How much of a value that is no duration is shown, in characters.
const SHOWN_CHARS: usize = 100;

/// A length of time, and how far another may be from it.
pub(crate) struct Lapse {
    pub(crate) value: Duration,
    pub(crate) tolerance: Duration,
}

impl Lapse {
    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let nanos = match subject.value {
            Some(Value::String(text)) => read(text),
            Some(value @ Value::Object(_)) => of_serde(value),
            _ => return Err(Mismatch::type_mismatch(pattern.description(), subject)),
        };
        let Some(nanos) = nanos else {
            let mut mismatch = Mismatch::type_mismatch(pattern.description(), subject);
            mismatch.actual = Actual::Text(format!(
                "no duration such as \"PT0.25S\" or \"250ms\": {}",
                diff::render_actual(&subject.actual(), SHOWN_CHARS)
            ));
            return Err(mismatch);
        };
        if nanos.abs_diff(signed_nanos(self.value)) <= self.tolerance.as_nanos() {
            Ok(())
        } else {
            Err(Mismatch::predicate(pattern.description(), subject))
        }
    }
}

fn signed_nanos(duration: Duration) -> i128 {
    i128::from(duration.as_secs()) * 1_000_000_000 + i128::from(duration.subsec_nanos())
}

/// Nanoseconds of an ISO 8601 duration, or of one with units such as `1m30s`, as Go writes them.
fn read(text: &str) -> Option<i128> {
    let duration: SignedDuration = text.parse().ok()?;
    Some(duration.as_nanos())
}

/// As serde writes a [`Duration`]: seconds and nanoseconds.
fn of_serde(value: &Value) -> Option<i128> {
    Duration::deserialize(value).ok().map(signed_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_many_forms() {
        const MS: i128 = 1_000_000;
        for (text, nanos) in [
            ("PT0.25S", 250 * MS),
            ("pt1h30m", 5_400_000 * MS),
            ("-PT5S", -5_000 * MS),
            ("250ms", 250 * MS),
            ("1m30s", 90_000 * MS),
            ("1.5s", 1_500 * MS),
            ("2h 15min", 8_100_000 * MS),
            ("15µs", 15_000),
            ("00:00:05", 5_000 * MS),
        ] {
            assert_eq!(read(text), Some(nanos), "{text}");
        }
        for text in ["", "5", "P1M", "soon", "5 lightyears", "PT", "250 ms later"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
