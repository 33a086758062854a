//! `approx 9.95 +- 0.01`: numbers that are close enough.

use serde_json::Number;

use super::super::{Mismatch, Subject, Verdict};
use super::{Kind, Pattern};
use serde_json::Value;

/// A number, and how far another may be from it.
pub(crate) struct Approx {
    pub(crate) value: Number,
    pub(crate) tolerance: Number,
}

impl Approx {
    pub(crate) fn pattern(value: Value, tolerance: Value) -> Pattern {
        let text = format!("`approx {value} +- {tolerance}`");
        match (value, tolerance) {
            (Value::Number(value), Value::Number(tolerance)) => {
                if tolerance.as_f64().is_some_and(|number| number < 0.0) {
                    return Pattern::broken(format!("{text}, but a tolerance is never negative"));
                }
                Pattern::new(Kind::Approx(Self { value, tolerance }))
            }
            _ => Pattern::broken(format!(
                "{text}, but both are numbers (NaN and infinity are null in JSON), or a time and a duration"
            )),
        }
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        match subject.value {
            Some(Value::Number(number)) if self.holds(number) => Ok(()),
            Some(Value::Number(_)) => Err(Mismatch::predicate(pattern.description(), subject)),
            _ => Err(Mismatch::type_mismatch(pattern.description(), subject)),
        }
    }

    fn holds(&self, number: &Number) -> bool {
        let (value, tolerance) = (&self.value, &self.tolerance);
        if let (Some(a), Some(b), Some(by)) = (whole(number), whole(value), whole(tolerance)) {
            return (a - b).abs() <= by;
        }
        let (Some(a), Some(b), Some(by)) = (number.as_f64(), value.as_f64(), tolerance.as_f64())
        else {
            return false;
        };
        // The bounds belong to it: `9.96` is within `0.01` of `9.95`, whatever binary floats make of them.
        let rounding = 4.0 * f64::EPSILON * a.abs().max(b.abs());
        (a - b).abs() <= by + rounding
    }
}

fn whole(number: &Number) -> Option<i128> {
    let unsigned = number.as_u64().map(i128::from);
    number.as_i64().map(i128::from).or(unsigned)
}
