//! Numbers and durations that are close enough, and points in time.

use std::time::Duration;

use serde::Serialize;

use super::super::pattern::{Approx, Kind, Lapse, Moment, Pattern, Relation, Timestamp};
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

/// A duration at most `tolerance` longer or shorter, the bounds included. It is read from a text in ISO 8601
/// (`PT0.25S`) or with units, as Go writes them (`250ms`, `1m30s`), and from what serde makes of a [`Duration`].
/// A number has no unit: compare it with [`approx`]. `approx 250ms +- 20ms` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// use std::time::Duration;
///
/// let took = approx_duration(Duration::from_millis(250), Duration::from_millis(20));
/// assert!(took.check(Subject::present(&json!("PT0.265S"))).is_ok());
/// assert!(took.check(Subject::present(&json!("1.5s"))).is_err());
/// ```
#[must_use]
pub fn approx_duration(value: Duration, tolerance: Duration) -> Pattern {
    Pattern::new(Kind::Lapse(Lapse { value, tolerance }))
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
