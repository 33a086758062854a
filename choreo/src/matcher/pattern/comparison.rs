//! `> e` `>= e` `< e` `<= e`, `a..b`, `a..=b`: order among numbers and among strings.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::{Mismatch, Subject, Verdict};
use super::{Kind, Pattern, describe};
use crate::value;

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Gt,
    Ge,
    Lt,
    Le,
}

impl Order {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
        }
    }

    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
        }
    }
}

/// An operator with its right-hand side.
pub(crate) struct Comparison {
    pub(crate) order: Order,
    pub(crate) operand: Value,
}

impl Comparison {
    pub(crate) fn pattern(order: Order, operand: Value) -> Pattern {
        if let Some(why) = without_order(&operand) {
            return Pattern::broken(format!("`{} {operand}`, but {why}", order.symbol()));
        }
        Pattern::new(Kind::Comparison(Self { order, operand }))
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        ordered(subject, pattern, |actual| {
            Some(self.order.accepts(value::compare(actual, &self.operand)?))
        })
    }
}

/// From a value up to another one.
pub(crate) struct Range {
    pub(crate) low: Value,
    pub(crate) high: Value,
    pub(crate) inclusive: bool,
}

impl Range {
    pub(crate) fn pattern(low: Value, high: Value, inclusive: bool) -> Pattern {
        let range = Self {
            low,
            high,
            inclusive,
        };
        let why = match value::compare(&range.low, &range.high) {
            Some(Ordering::Less) => None,
            Some(Ordering::Equal) if inclusive => None,
            Some(_) => Some("that range is empty"),
            None => without_order(&range.low)
                .or(without_order(&range.high))
                .or(Some("a number and a string have no order")),
        };
        match why {
            Some(why) => {
                let (low, high) = (
                    describe::literal(&range.low),
                    describe::literal(&range.high),
                );
                let dots = range.dots();
                Pattern::broken(format!("`{low}{dots}{high}`, but {why}"))
            }
            None => Pattern::new(Kind::Range(range)),
        }
    }

    pub(crate) fn dots(&self) -> &'static str {
        if self.inclusive { "..=" } else { ".." }
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        ordered(subject, pattern, |actual| {
            let from_low = value::compare(actual, &self.low)?;
            let from_high = value::compare(actual, &self.high)?;
            let below = if self.inclusive {
                from_high.is_le()
            } else {
                from_high.is_lt()
            };
            Some(from_low.is_ge() && below)
        })
    }
}

fn ordered(
    subject: Subject<'_>,
    pattern: &Pattern,
    accepts: impl FnOnce(&Value) -> Option<bool>,
) -> Verdict {
    match subject.value.map(accepts) {
        Some(Some(true)) => Ok(()),
        Some(Some(false)) => Err(Mismatch::predicate(pattern.description(), subject)),
        Some(None) | None => Err(Mismatch::type_mismatch(pattern.description(), subject)),
    }
}

/// Why nothing is greater or less than this.
fn without_order(operand: &Value) -> Option<&'static str> {
    match operand {
        Value::Number(_) | Value::String(_) => None,
        Value::Null => {
            Some("only numbers and strings have an order (NaN and infinity are null in JSON)")
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Some("only numbers and strings have an order")
        }
    }
}
