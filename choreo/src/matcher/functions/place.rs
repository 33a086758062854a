//! Values in some place: by their address, in any order, or to be kept.

use serde::de::DeserializeOwned;

#[cfg(feature = "json-path")]
use super::super::pattern::JsonPath;
use super::super::pattern::{At, Capture, Kind, Pattern, Unordered};

/// A list with exactly these elements, in any order: each pattern has an element of its own.
/// `unordered [p, q]` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// // `gt(0)` may not take the 1, as `eq(1)` needs it.
/// let numbers = unordered(vec![gt(0), eq(1)]);
/// assert!(numbers.check(Subject::present(&json!([1, 2]))).is_ok());
/// assert!(numbers.check(Subject::present(&json!([1, 2, 3]))).is_err());
/// ```
#[must_use]
pub fn unordered(elements: Vec<Pattern>) -> Pattern {
    let (parts, open) = (elements, false);
    Pattern::new(Kind::Unordered(Unordered { parts, open }))
}

/// As [`unordered`], and with any other elements. `unordered [p, q, ..]` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let numbers = unordered_with_others(vec![eq(2), eq(1)]);
/// assert!(numbers.check(Subject::present(&json!([1, 2, 3]))).is_ok());
/// ```
#[must_use]
pub fn unordered_with_others(elements: Vec<Pattern>) -> Pattern {
    let (parts, open) = (elements, true);
    Pattern::new(Kind::Unordered(Unordered { parts, open }))
}

/// A message or value in which the place of this JSON Pointer (RFC 6901) looks like this; a place that is not
/// there is absent. `at "/a/b" p` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let first = at("/items/0/a~1b", gt(0));
/// assert!(first.check(Subject::present(&json!({ "items": [{ "a/b": 1 }] }))).is_ok());
/// assert!(at("/items/1", absent()).check(Subject::present(&json!({ "items": [1] }))).is_ok());
/// ```
#[must_use]
pub fn at(pointer: impl Into<String>, pattern: Pattern) -> Pattern {
    At::pattern(pointer.into(), pattern)
}

/// A message or value in which the *list* of what this JSONPath query (RFC 9535) finds looks like this.
/// `path "$.a[*]" p` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let skus = json_path("$.items[*].sku", list(vec![eq("A").into(), eq("B").into()]));
/// let message = json!({ "items": [{ "sku": "A" }, { "sku": "B" }] });
/// assert!(skus.check(Subject::present(&message)).is_ok());
/// ```
#[cfg(feature = "json-path")]
#[cfg_attr(docsrs, doc(cfg(feature = "json-path")))]
#[must_use]
pub fn json_path(query: impl Into<String>, pattern: Pattern) -> Pattern {
    JsonPath::pattern(query.into(), pattern)
}

/// What `path` in a pattern expands to without the feature that it needs.
#[cfg(not(feature = "json-path"))]
#[doc(hidden)]
#[must_use]
pub fn json_path<Q: NeedsJsonPath>(_query: Q, _pattern: Pattern) -> Pattern {
    Pattern::broken("a JSONPath query, but the feature `json-path` is off")
}

#[cfg(not(feature = "json-path"))]
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`path` in a pattern needs the feature `json-path` of `choreo-harness`",
    label = "a JSONPath query",
    note = "write `features = [\"json-path\"]` at the dependency in `Cargo.toml`; one value by its place needs no feature: `at \"/items/0/sku\" p`"
)]
pub trait NeedsJsonPath {}

/// Any value that is there; after a match, [`HandleReport::captured`](crate::HandleReport::captured) gives
/// it. `capture name` in `expect!`.
///
/// A name stands once in a pattern, or once in each alternative of [`any_of`](super::any_of). Under
/// [`not`](super::not), [`every`](super::every) and [`len`](super::len) there is nothing to keep: such a pattern
/// matches nothing, and says so.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let order = object([("id", capture("order_id"))]);
/// assert!(order.check(Subject::present(&json!({ "id": 7 }))).is_ok());
/// ```
#[must_use]
pub fn capture(name: impl Into<String>) -> Pattern {
    Capture::any(name.into())
}

/// As [`capture`], for values that decode as `T`. `capture name: T` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let order = object([("id", capture_as::<u32>("order_id"))]);
/// assert!(order.check(Subject::present(&json!({ "id": "ORD-7" }))).is_err());
/// ```
#[must_use]
pub fn capture_as<T: DeserializeOwned>(name: impl Into<String>) -> Pattern {
    Capture::typed::<T>(name.into())
}
