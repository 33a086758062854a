//! Points in time: patterns read what RFC 3339 allows, as `jiff` reads it, and read what they write. Times of
//! reports are read as they were written.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use choreo::matcher::{Matcher, Subject};
use choreo::matchers::{after, approx_time, before};
use choreo_report::model;
use regex::{Captures, Regex};
use serde_json::Value;

/// The grammar of the standard, and nothing of its calendar.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"([0-9]{4}-[0-9]{2}-[0-9]{2})";
    let time = r"([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?";
    // jiff has longer ones.
    let offset = r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    Regex::new(&format!("^{date}[Tt ]{time}{offset}$")).unwrap()
});

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    of_patterns(text);
    of_reports(text);
}

fn of_patterns(text: &str) {
    let is_time = holds(&approx_time(text, Duration::ZERO), text);
    assert!(!holds(&before(text), text) && !holds(&after(text), text));
    let expected = match GRAMMAR.captures(text) {
        None => None,
        Some(parts) if is_beyond(&parts) => return,
        Some(parts) => oracle(&parts),
    };
    assert_eq!(is_time, expected.is_some(), "{text:?}: {expected:?}");
    let Some(time) = expected else { return };
    assert!(holds(&approx_time(time, Duration::ZERO), text), "{text:?}");
    let nanosecond = Duration::from_nanos(1);
    assert!(holds(&before(time + nanosecond), text), "{text:?}");
    assert!(holds(&after(time - nanosecond), text), "{text:?}");

    let described = approx_time(time, Duration::ZERO).describe();
    let written = described.split('"').nth(1).expect("a time in quotes");
    // In UTC it may be of a year that the standard cannot write.
    if written.len() >= 20 && GRAMMAR.is_match(written) {
        assert!(
            holds(&approx_time(text, Duration::ZERO), written),
            "{written}"
        );
    }
}

fn holds(pattern: &impl Matcher, text: &str) -> bool {
    pattern.check(Subject::present(&Value::from(text))).is_ok()
}

/// Times at the very end of what the standard can write are beyond jiff.
fn is_beyond(parts: &Captures<'_>) -> bool {
    parts[1].starts_with("9999-12-29") || parts[1].starts_with("9999-12-3")
}

/// What jiff makes of it, in its own grammar: with nine digits of a second at most, and without leap seconds,
/// which are the first moment of the next minute.
fn oracle(parts: &Captures<'_>) -> Option<SystemTime> {
    let (date, minute, second, offset) = (&parts[1], &parts[2], &parts[3], &parts[5]);
    let is_leap = second == "60";
    let second = if is_leap { "59" } else { second };
    let fraction = parts.get(4).map_or("", |fraction| fraction.as_str());
    let fraction = &fraction[..fraction.len().min(10)];
    let text = format!("{date}T{minute}:{second}{fraction}{offset}");
    let nanos = text.parse::<jiff::Timestamp>().ok()?.as_nanosecond();
    let distance = u64::try_from(nanos.unsigned_abs() / 1_000_000_000).unwrap();
    let rest = u32::try_from(nanos.unsigned_abs() % 1_000_000_000).unwrap();
    let distance = Duration::new(distance, rest);
    let time = match nanos {
        0.. => UNIX_EPOCH + distance,
        _ => UNIX_EPOCH - distance,
    };
    Some(time + Duration::from_secs(u64::from(is_leap)))
}

fn of_reports(text: &str) {
    if let Ok(time) = text.parse::<model::Timestamp>() {
        assert_eq!(time.to_string().parse(), Ok(time), "{text:?}");
    }
}
