//! How many messages must come, how many may, and how long nothing further may.

use std::cmp::Ordering;
use std::time::Duration;

use serde_json::Value;

use crate::codec::Incoming;
use crate::matcher::{Path, Segment};
use crate::outcome::Disorder;
use crate::value::compare;

/// Longer windows are this long: instants stay within what every platform has.
const LONGEST_WINDOW: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long a duplicate is looked for where the test does not say.
pub(crate) const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

/// The numbers of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
    /// How long nothing further may come: after the last message that is needed, or from the start where
    /// none is.
    pub(crate) quiet: Duration,
    /// Where the values are that must not descend.
    pub(crate) ordered_by: Option<Path>,
    /// A number that was computed is none.
    invalid: bool,
}

impl Limits {
    pub(crate) fn between(least: u64, most: Option<u64>) -> Self {
        Self {
            least,
            most,
            quiet: Duration::ZERO,
            ordered_by: None,
            invalid: false,
        }
    }

    /// Of numbers that may be negative or too large.
    pub(crate) fn computed(least: Option<u64>, most: Option<Option<u64>>) -> Self {
        Self {
            invalid: least.is_none() || most == Some(None),
            ..Self::between(least.unwrap_or(1), most.flatten())
        }
    }

    #[must_use]
    pub(crate) fn quiet_for(mut self, window: Duration) -> Self {
        self.quiet = window.min(LONGEST_WINDOW);
        self
    }

    /// Whether nothing may come at all.
    pub(crate) fn forbids(&self) -> bool {
        self.most == Some(0)
    }

    /// Whether a message in the window could break it.
    pub(super) fn trusts_silence(&self) -> bool {
        !self.quiet.is_zero() && (self.most.is_some() || self.ordered_by.is_some())
    }

    /// Why no message could ever satisfy, or break, numbers that were computed by the test.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.invalid {
            return Some("the number of messages is negative or too large".to_owned());
        }
        match self.most {
            Some(0) => Some(
                "nothing is expected; write `never!(s, topic, pattern, for 200ms)` where nothing may come"
                    .to_owned(),
            ),
            Some(most) if most < self.least => Some(format!(
                "no number is at least {} and at most {most}",
                self.least
            )),
            _ if self.least == 0 && self.quiet.is_zero() => Some(
                "none is needed and no time is given in which more could come; add `for 200ms`".to_owned(),
            ),
            _ => None,
        }
    }

    /// What is wrong with the order of two neighbours.
    pub(super) fn disorder(
        &self,
        before: Option<&Incoming>,
        message: &Incoming,
    ) -> Option<Disorder> {
        let path = self.ordered_by.as_ref()?;
        let at = |message: &Incoming| value_at(path, message).cloned();
        let value = at(message);
        let before = before.and_then(at);
        let fits = match (&before, &value) {
            (_, None) => false,
            (None, Some(value)) => value.is_number() || value.is_string(),
            (Some(before), Some(value)) => compare(before, value).is_some_and(Ordering::is_le),
        };
        (!fits).then(|| Disorder {
            path: path.to_string(),
            before,
            value,
        })
    }
}

fn value_at<'m>(path: &Path, message: &'m Incoming) -> Option<&'m Value> {
    let root = message.decoded().ok()?;
    path.segments()
        .iter()
        .try_fold(root, |value, segment| match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.get(index),
            Segment::Part(_) => None,
        })
}

/// How many messages are to come.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of messages",
    label = "a whole number goes here",
    note = "write `times 3`, `times 2..=5`, `at_least 1`, or a value of an integer type: `times (orders.len())`"
)]
pub trait MessageCount {
    /// Nothing where it is negative or too large.
    fn into_count(self) -> Option<u64>;
}

macro_rules! message_counts {
    ($($integer:ty)*) => {
        $(impl MessageCount for $integer {
            fn into_count(self) -> Option<u64> {
                self.try_into().ok()
            }
        })*
    };
}
message_counts!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
