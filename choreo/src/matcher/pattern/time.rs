//! `before e`, `after e`, `approx e +- 5s`: points in time as RFC 3339 writes them.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::super::{Actual, Mismatch, Subject, Verdict};
use super::{Kind, Pattern};
use crate::matcher::diff;

const NANOS: i128 = 1_000_000_000;
/// How much of a value that is no time is shown, in characters.
const SHOWN_CHARS: usize = 100;

/// A point in time that a pattern compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// Nanoseconds since 1970, or nothing when the text is no time.
    nanos: Option<i128>,
    text: String,
}

impl From<&str> for Timestamp {
    /// From a text such as `2026-01-31T12:30:00.5Z`.
    fn from(text: &str) -> Self {
        Self {
            nanos: parse(text),
            text: Value::from(text).to_string(),
        }
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Value> for Timestamp {
    /// From a JSON string, such as a captured one.
    fn from(value: Value) -> Self {
        Self {
            nanos: value.as_str().and_then(parse),
            text: value.to_string(),
        }
    }
}

impl<T: Clone + Into<Timestamp>> From<&T> for Timestamp {
    fn from(time: &T) -> Self {
        time.clone().into()
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let nanos = |duration: Duration| {
            i128::from(duration.as_secs()) * NANOS + i128::from(duration.subsec_nanos())
        };
        let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => nanos(since),
            Err(before) => -nanos(before.duration()),
        };
        Self {
            nanos: Some(nanos),
            text: format!("\"{}\"", written(nanos)),
        }
    }
}

/// How a time stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Before,
    After,
    /// At most this far away, in either direction.
    Near(Duration),
}

/// A condition on a string that is a time.
pub(crate) struct Moment {
    relation: Relation,
    nanos: i128,
    /// As JSON.
    time: String,
}

impl Moment {
    pub(crate) fn pattern(relation: Relation, time: &Timestamp) -> Pattern {
        match time.nanos {
            Some(nanos) => Pattern::new(Kind::Moment(Self {
                relation,
                nanos,
                time: time.text.clone(),
            })),
            None => Pattern::broken(format!(
                "`{}`, but that is no time; write one such as \"2026-01-31T12:30:00Z\" (RFC 3339)",
                written_as(relation, &time.text)
            )),
        }
    }

    /// In the syntax of `expect!`.
    pub(crate) fn text(&self) -> String {
        written_as(self.relation, &self.time)
    }

    pub(crate) fn relation(&self) -> Relation {
        self.relation
    }

    /// What it compares with.
    pub(crate) fn time(&self) -> Value {
        serde_json::from_str(&self.time).unwrap_or_else(|_| Value::from(&*self.time))
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(Value::String(text)) = subject.value else {
            return Err(Mismatch::type_mismatch(pattern.description(), subject));
        };
        let Some(nanos) = parse(text) else {
            let mut mismatch = Mismatch::type_mismatch(pattern.description(), subject);
            mismatch.actual = Actual::Text(format!(
                "a string that is no RFC 3339 time: {}",
                diff::render_actual(&subject.actual(), SHOWN_CHARS)
            ));
            return Err(mismatch);
        };
        let holds = match self.relation {
            Relation::Before => nanos < self.nanos,
            Relation::After => nanos > self.nanos,
            Relation::Near(by) => (nanos - self.nanos).unsigned_abs() <= by.as_nanos(),
        };
        if holds {
            Ok(())
        } else {
            Err(Mismatch::predicate(pattern.description(), subject))
        }
    }
}

fn written_as(relation: Relation, time: &str) -> String {
    match relation {
        Relation::Before => format!("before {time}"),
        Relation::After => format!("after {time}"),
        Relation::Near(by) => format!("approx {time} +- {by:?}"),
    }
}

/// Nanoseconds since 1970 of an RFC 3339 time. A leap second is the first moment of the next minute.
fn parse(text: &str) -> Option<i128> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    sign(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    sign(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    // The standard allows a space here, and small letters.
    sign(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    sign(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    sign(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let mut nanos = 0;
    if sign(&mut rest, b".").is_some() {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, after) = rest.split_at(count);
        let mut unit = NANOS / 10;
        for digit in fraction {
            nanos += i128::from(digit - b'0') * unit;
            unit /= 10;
        }
        if count == 0 {
            return None;
        }
        rest = after;
    }
    let offset = match sign(&mut rest, b"Zz+-")? {
        b'Z' | b'z' => 0,
        direction => {
            let hours = digits(&mut rest, 2)?;
            sign(&mut rest, b":")?;
            let minutes = digits(&mut rest, 2)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3600 + minutes * 60;
            if direction == b'-' { -offset } else { offset }
        }
    };
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60;
    if !rest.is_empty() || !in_range {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(i128::from(seconds - offset) * NANOS + nanos)
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    number.iter().try_fold(0, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        Some(value * 10 + digit)
    })
}

fn sign(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    if !allowed.contains(first) {
        return None;
    }
    *rest = after;
    Some(*first)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the Gregorian calendar, with years that begin in March so that the leap day is the last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let century = year.div_euclid(400);
    let of_century = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    century * 146_097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year - 719_468
}

/// A time in UTC, with as many digits of a second as it has.
fn written(nanos: i128) -> String {
    let seconds = nanos.div_euclid(NANOS);
    let fraction = nanos.rem_euclid(NANOS);
    let days = i64::try_from(seconds.div_euclid(86_400)).unwrap_or(i64::MAX);
    let time = seconds.rem_euclid(86_400);
    let shifted = days.saturating_add(719_468);
    let century = shifted.div_euclid(146_097);
    let of_century = shifted.rem_euclid(146_097);
    let year = (of_century - of_century / 1_460 + of_century / 36_524 - of_century / 146_096) / 365;
    let of_year = of_century - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = century * 400 + year + next;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction > 0 {
        text.push('.');
        text.push_str(format!("{fraction:09}").trim_end_matches('0'));
    }
    text.push('Z');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_standard_says() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1969-12-31T23:59:59.25z", -1, 250_000_000),
            ("2000-02-29T12:00:00+02:00", 951_818_400, 0),
            (
                "2026-11-21T10:25:29.123456789-05:30",
                1_795_276_529,
                123_456_789,
            ),
            ("2016-12-31T23:59:60Z", 1_483_228_800, 0),
            ("0000-01-01 00:00:00Z", -62_167_219_200, 0),
            (
                "9999-12-31t23:59:59.9999999999Z",
                253_402_300_799,
                999_999_999,
            ),
        ] {
            assert_eq!(parse(text), Some(seconds * NANOS + nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-01-31T12:30Z",
            "2026-01-31T12:30:00",
            "2026-1-31T12:30:00Z",
            "2026-02-29T12:30:00Z",
            "1900-02-29T12:30:00Z",
            "2026-13-01T12:30:00Z",
            "2026-00-01T12:30:00Z",
            "2026-04-31T12:30:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z",
            "2026-01-31T12:30:61Z",
            "2026-01-31T12:30:00.Z",
            "2026-01-31T12:30:00+0100",
            "2026-01-31T12:30:00+24:00",
            "2026-01-31T12:30:00Z ",
            "2026-01-31T12:30:0é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn written_times_are_read_back() {
        for seconds in [
            -62_167_219_200,
            -1,
            0,
            951_782_400,
            1_795_276_529,
            253_402_300_799,
        ] {
            for fraction in [0, 1, 250_000_000] {
                let nanos = seconds * NANOS + fraction;
                assert_eq!(parse(&written(nanos)), Some(nanos), "{}", written(nanos));
            }
        }
        assert_eq!(written(250_000_000), "1970-01-01T00:00:00.25Z");
    }
}
