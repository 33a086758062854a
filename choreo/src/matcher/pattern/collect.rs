//! Differences under collection: bounded where the payload decides how many there are.

use std::fmt::Write;

use super::super::{Actual, Mismatch, Subject, Verdict, diff};
use super::Pattern;
use serde_json::Value;

/// How many differences are listed where a payload decides their number.
pub(crate) const LISTED: usize = 20;

/// Differences that must all go.
#[derive(Default)]
pub(crate) struct Differences {
    listed: Vec<Mismatch>,
    found: usize,
}

impl Differences {
    /// A difference that is listed in any case: the pattern decides how many there are.
    pub(crate) fn push(&mut self, difference: Mismatch) {
        self.found += 1;
        self.listed.push(difference);
    }

    /// A difference that is only counted once there are many; `difference` is not called then.
    pub(crate) fn push_bounded(&mut self, difference: impl FnOnce() -> Mismatch) {
        self.found += 1;
        if self.listed.len() < LISTED {
            self.listed.push(difference());
        }
    }

    /// Whether there were none, and if not, all of them.
    pub(crate) fn verdict(
        self,
        expected: impl FnOnce() -> String,
        subject: Subject<'_>,
    ) -> Verdict {
        if self.found == 0 {
            return Ok(());
        }
        let mut expected = expected();
        if self.found > self.listed.len() {
            let (found, listed) = (self.found, self.listed.len());
            write!(
                expected,
                " ({found} differences, the first {listed} are listed)"
            )
            .expect("writing to a string cannot fail");
        }
        Err(Mismatch::all(expected, summary(subject), self.listed))
    }
}

/// Differences of which one had to go: the closest ones are kept, in order.
#[derive(Default)]
pub(crate) struct Closest {
    kept: Vec<(diff::Score, Mismatch)>,
    found: usize,
}

impl Closest {
    pub(crate) fn push(&mut self, difference: Mismatch) {
        self.found += 1;
        let score = diff::score(&difference);
        if self.kept.len() == LISTED {
            let worst = self
                .kept
                .iter()
                .enumerate()
                .max_by_key(|(_, (score, _))| *score);
            match worst.map(|(at, (worst, _))| (at, *worst)) {
                Some((at, worst)) if score < worst => drop(self.kept.remove(at)),
                _ => return,
            }
        }
        self.kept.push((score, difference));
    }

    /// A mismatch of which these are the alternatives. Without any, a broken condition.
    pub(crate) fn mismatch(self, pattern: &Pattern, subject: Subject<'_>) -> Mismatch {
        let mut expected = pattern.description();
        if self.found == 0 {
            return Mismatch::predicate(expected, subject);
        }
        if self.found > self.kept.len() {
            let (found, kept) = (self.found, self.kept.len());
            write!(
                expected,
                " (none of {found}, the closest {kept} are listed)"
            )
            .expect("writing to a string cannot fail");
        }
        let children = self
            .kept
            .into_iter()
            .map(|(_, difference)| difference)
            .collect();
        Mismatch::any(expected, subject.actual(), children)
    }
}

/// What a composed difference shows of its value: the parts that matter are in the children.
fn summary(subject: Subject<'_>) -> Actual {
    match subject.value {
        Some(Value::Object(fields)) => {
            Actual::Text(format!("an object of {}", count(fields.len(), "field")))
        }
        Some(Value::Array(values)) => {
            Actual::Text(format!("a list of {}", count(values.len(), "element")))
        }
        _ => subject.actual(),
    }
}

/// `1 field`, `2 fields`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
