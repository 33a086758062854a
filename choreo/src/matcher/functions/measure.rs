//! Numbers that are close enough, and points in time.

use std::time::Duration;

use serde::Serialize;

use super::super::pattern::{Approx, Moment, Pattern, Relation, Timestamp};
use super::with_value;

/// A number that is at most `tolerance` away, the bounds included. Integers are compared without
/// rounding; the rounding of binary floats is not held against a value at the bound.
/// `approx e +- e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(approx(9.95, 0.01).check(Subject::present(&json!(9.96))).is_ok());
/// assert!(approx(9.95, 0.01).check(Subject::present(&json!(3.2))).is_err());
/// ```
#[must_use]
pub fn approx(value: impl Serialize, tolerance: impl Serialize) -> Pattern {
    with_value(value, |value| {
        with_value(tolerance, |tolerance| Approx::pattern(value, tolerance))
    })
}

/// A time at most `tolerance` away, earlier or later, as RFC 3339 writes it.
/// `approx e +- 5s` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// use std::time::{Duration, SystemTime};
///
/// let noon = approx_time("2026-01-31T12:00:00Z", Duration::from_secs(5));
/// assert!(noon.check(Subject::present(&json!("2026-01-31T13:00:04.5+01:00"))).is_ok());
/// let now = approx_time(SystemTime::now(), Duration::from_secs(5));
/// assert!(now.check(Subject::present(&json!("2001-01-01T00:00:00Z"))).is_err());
/// ```
#[must_use]
pub fn approx_time(time: impl Into<Timestamp>, tolerance: Duration) -> Pattern {
    Moment::pattern(Relation::Near(tolerance), &time.into())
}

/// An earlier time, as RFC 3339 writes it; offsets count. `before e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let before = before("2026-01-31T12:00:00Z");
/// assert!(before.check(Subject::present(&json!("2026-01-31T12:30:00+01:00"))).is_ok());
/// ```
#[must_use]
pub fn before(time: impl Into<Timestamp>) -> Pattern {
    Moment::pattern(Relation::Before, &time.into())
}

/// A later time, as RFC 3339 writes it; offsets count. `after e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let after = after(std::time::SystemTime::UNIX_EPOCH);
/// assert!(after.check(Subject::present(&json!("1970-01-01T00:00:00.001Z"))).is_ok());
/// ```
#[must_use]
pub fn after(time: impl Into<Timestamp>) -> Pattern {
    Moment::pattern(Relation::After, &time.into())
}
