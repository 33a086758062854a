//! The forms of the pattern language as plain functions, for patterns that are built at run time.
//!
//! `choreo::matchers` is another name of this module. Each function stands for one form of
//! `expect!` and `pattern!`; values go through [`serde_json::to_value`], so whatever implements
//! `Serialize` will do. A value that JSON cannot hold (a map with keys that are no strings, an
//! integer beyond 64 bits) does not panic: its pattern matches nothing, and the mismatch says why.
//!
//! ```
//! use choreo::matcher::{Matcher, Subject};
//! use choreo::matchers::*;
//! use serde_json::json;
//!
//! let wanted_states = vec!["NEW", "PART"]; // known at run time only
//! let pattern = object([
//!     ("order", object([("count", gt(0))])),
//!     ("state", one_of(wanted_states.into_iter().map(eq).collect())),
//!     ("error", absent()),
//! ]);
//!
//! let message = json!({ "order": { "count": 3, "item": "ITEM-1" }, "state": "NEW" });
//! assert!(pattern.check(Subject::present(&message)).is_ok());
//! assert_eq!(
//!     pattern.describe(),
//!     r#"{ order: { count: > 0, .. }, state: in ["NEW", "PART"], error: absent, .. }"#,
//! );
//! ```

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use super::Matcher;
use super::pattern::{Comparison, Kind, Object, Order, Range};

pub use self::measure::{after, approx, approx_duration, approx_time, before};
#[cfg(feature = "json-schema")]
pub use self::own::json_schema;
pub use self::own::satisfies;
#[cfg(not(feature = "json-path"))]
#[doc(hidden)]
pub use self::place::NeedsJsonPath;
pub use self::place::{at, capture, capture_as, json_path, unordered, unordered_with_others};
pub use self::text::{
    contains, contains_ignore_case, eq_ignore_case, prefix, prefix_ignore_case, suffix,
    suffix_ignore_case,
};
pub use super::pattern::{ListItem, Pattern, Timestamp};

mod measure;
mod own;
mod place;
mod text;

/// Equal by value: `1` equals `1.0`, at any depth, and a bool is never a number. Objects must have
/// exactly the same fields; [`object`] is the one that allows others.
///
/// A float that is NaN or infinite is `null` in JSON, so it equals `null`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(eq(1).check(Subject::present(&json!(1.0))).is_ok());
/// assert!(eq(1).check(Subject::present(&json!(true))).is_err());
/// ```
#[must_use]
pub fn eq(value: impl Serialize) -> Pattern {
    with_value(value, |value| Pattern::new(Kind::Equal(value)))
}

/// There, and not equal: the opposite of [`eq`] for a value that is there. `!= e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(ne("FAILED").check(Subject::present(&json!("COMPLETED"))).is_ok());
/// assert!(ne("FAILED").check(Subject::absent()).is_err());
/// ```
#[must_use]
pub fn ne(value: impl Serialize) -> Pattern {
    with_value(value, |value| Pattern::new(Kind::NotEqual(value)))
}

/// Greater: numbers by value and without rounding, strings by their characters. `> e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(gt(0).check(Subject::present(&json!(0.5))).is_ok());
/// assert!(gt("2026-01").check(Subject::present(&json!("2026-02"))).is_ok());
/// ```
#[must_use]
pub fn gt(value: impl Serialize) -> Pattern {
    with_value(value, |value| Comparison::pattern(Order::Gt, value))
}

/// Greater or equal, as in [`gt`]. `>= e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(ge(1).check(Subject::present(&json!(1.0))).is_ok());
/// ```
#[must_use]
pub fn ge(value: impl Serialize) -> Pattern {
    with_value(value, |value| Comparison::pattern(Order::Ge, value))
}

/// Less, as in [`gt`]. `< e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(lt(u64::MAX).check(Subject::present(&json!(-1))).is_ok());
/// ```
#[must_use]
pub fn lt(value: impl Serialize) -> Pattern {
    with_value(value, |value| Comparison::pattern(Order::Lt, value))
}

/// Less or equal, as in [`gt`]. `<= e` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(le(1).check(Subject::present(&json!(1))).is_ok());
/// ```
#[must_use]
pub fn le(value: impl Serialize) -> Pattern {
    with_value(value, |value| Comparison::pattern(Order::Le, value))
}

/// From `low` up to, but without `high`; numbers or strings. `a..b` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(range(1, 5).check(Subject::present(&json!(4.9))).is_ok());
/// assert!(range(1, 5).check(Subject::present(&json!(5))).is_err());
/// ```
#[must_use]
pub fn range(low: impl Serialize, high: impl Serialize) -> Pattern {
    with_value(low, |low| {
        with_value(high, |high| Range::pattern(low, high, false))
    })
}

/// From `low` up to and with `high`; numbers or strings. `a..=b` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(range_inclusive(1, 5).check(Subject::present(&json!(5))).is_ok());
/// ```
#[must_use]
pub fn range_inclusive(low: impl Serialize, high: impl Serialize) -> Pattern {
    with_value(low, |low| {
        with_value(high, |high| Range::pattern(low, high, true))
    })
}

/// A string in which the regex finds something; write `^` and `$` to mean all of it. `=~ r"…"` in
/// `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let item = matches(regex::Regex::new(r"^ITEM-\d+$")?);
/// assert!(item.check(Subject::present(&json!("ITEM-42"))).is_ok());
/// # Ok::<(), regex::Error>(())
/// ```
#[must_use]
pub fn matches(regex: Regex) -> Pattern {
    Pattern::new(Kind::Regex(regex))
}

/// One of several. Like [`any_of`], but the mismatch is a single one that shows the whole list.
/// `in [a, b]` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(one_of(vec![eq("NEW"), eq("PART")]).check(Subject::present(&json!("PART"))).is_ok());
/// ```
#[must_use]
pub fn one_of(values: Vec<Pattern>) -> Pattern {
    if values.is_empty() {
        return Pattern::broken("`in []`, but nothing is in an empty list");
    }
    Pattern::new(Kind::OneOf(values))
}

/// There, with any value, also `null`. `_` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let traced = object([("trace_id", present())]);
/// assert!(traced.check(Subject::present(&json!({ "trace_id": null }))).is_ok());
/// assert!(traced.check(Subject::present(&json!({}))).is_err());
/// ```
#[must_use]
pub fn present() -> Pattern {
    Pattern::new(Kind::Present)
}

/// Not there; `null` is there. `absent` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let flawless = object([("error", absent())]);
/// assert!(flawless.check(Subject::present(&json!({ "id": 1 }))).is_ok());
/// assert!(flawless.check(Subject::present(&json!({ "error": null }))).is_err());
/// ```
#[must_use]
pub fn absent() -> Pattern {
    Pattern::new(Kind::Absent)
}

/// There, and `null`. `null` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(null().check(Subject::present(&json!(null))).is_ok());
/// assert!(null().check(Subject::absent()).is_err());
/// ```
#[must_use]
pub fn null() -> Pattern {
    Pattern::new(Kind::Equal(Value::Null))
}

/// An object with these fields, and any others. `{ k: p }` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let order = object([("count", gt(0))]);
/// assert!(order.check(Subject::present(&json!({ "count": 1, "note": "" }))).is_ok());
/// ```
#[must_use]
pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Pattern)>) -> Pattern {
    Pattern::new(Kind::Object(Object::new(owned(fields), false)))
}

/// An object with these fields and no others. `{ k: p; exact }` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let order = exact_object([("count", gt(0))]);
/// assert!(order.check(Subject::present(&json!({ "count": 1 }))).is_ok());
/// assert!(order.check(Subject::present(&json!({ "count": 1, "note": "" }))).is_err());
/// ```
#[must_use]
pub fn exact_object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Pattern)>) -> Pattern {
    Pattern::new(Kind::Object(Object::new(owned(fields), true)))
}

/// A list with these elements in this order. [`ListItem::Rest`] stands for any number of others;
/// without it the list has no others. `[p, .., q]` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let steps = list(vec![ListItem::Rest, eq("PAID").into(), ListItem::Rest]);
/// assert!(steps.check(Subject::present(&json!(["NEW", "PAID", "SENT"]))).is_ok());
/// ```
#[must_use]
pub fn list(items: Vec<ListItem>) -> Pattern {
    Pattern::new(Kind::List(items))
}

/// A list each of whose elements matches; an empty one does. `every p` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(every(gt(0)).check(Subject::present(&json!([1, 2]))).is_ok());
/// ```
#[must_use]
pub fn every(element: Pattern) -> Pattern {
    Pattern::new(Kind::Every(element))
}

/// A list with an element that matches. `any p` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(any(gt(1)).check(Subject::present(&json!([1, 2]))).is_ok());
/// ```
#[must_use]
pub fn any(element: Pattern) -> Pattern {
    Pattern::new(Kind::Any(element))
}

/// A list whose number of elements matches. `len p` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(len(range_inclusive(1, 3)).check(Subject::present(&json!(["a", "b"]))).is_ok());
/// ```
#[must_use]
pub fn len(length: Pattern) -> Pattern {
    Pattern::new(Kind::Len(length))
}

/// All of them; without any, everything. `p & q` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(all_of(vec![gt(0), ne(5)]).check(Subject::present(&json!(4))).is_ok());
/// ```
#[must_use]
pub fn all_of(patterns: Vec<Pattern>) -> Pattern {
    Pattern::new(Kind::AllOf(patterns))
}

/// At least one of them. `p | q` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(any_of(vec![null(), gt(0)]).check(Subject::present(&json!(null))).is_ok());
/// ```
#[must_use]
pub fn any_of(patterns: Vec<Pattern>) -> Pattern {
    if patterns.is_empty() {
        return Pattern::broken("one of several patterns, but there are none");
    }
    Pattern::new(Kind::AnyOf(patterns))
}

/// Whatever the pattern does not match, also a missing field; see [`ne`]. `!p` in `expect!`.
///
/// A message that does not decode is not matched by the negation either, unless the pattern is
/// about the raw payload ([`bytes()`], [`contains`]).
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(not(len(eq(0))).check(Subject::present(&json!([1]))).is_ok());
/// assert!(not(eq(1)).check(Subject::absent()).is_ok());
/// ```
#[must_use]
pub fn not(pattern: Pattern) -> Pattern {
    Pattern::new(Kind::Not(pattern))
}

/// A whole message with exactly this payload, whether or not it decodes. `bytes b"…"` in
/// `expect!`. Does not match a value inside a message: it has no bytes of its own.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// let message = Subject::message(Err("not JSON"), b"\x01\x02");
/// assert!(bytes(&b"\x01\x02"[..]).check(message).is_ok());
/// ```
#[must_use]
pub fn bytes(payload: impl Into<Bytes>) -> Pattern {
    Pattern::new(Kind::Bytes(payload.into()))
}

/// Whatever a matcher of your own accepts. `=> matcher` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let positive = gt(0); // a `Pattern` is a `Matcher`, too
/// assert!(object([("n", matcher(positive))]).check(Subject::present(&json!({ "n": 1 }))).is_ok());
/// ```
#[must_use]
pub fn matcher(matcher: impl Matcher + 'static) -> Pattern {
    // A pattern stays one: its limits and what is broken in it are then known here.
    match (&matcher as &dyn Any).downcast_ref::<Pattern>() {
        Some(pattern) => pattern.clone(),
        None => Pattern::new(Kind::Custom(Arc::new(matcher))),
    }
}

/// Any message, with any payload, also one that does not decode; inside a message also a missing
/// field. What `expect!` without a pattern means.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// assert!(anything().check(Subject::message(Err("not JSON"), b"\xff")).is_ok());
/// ```
#[must_use]
pub fn anything() -> Pattern {
    Pattern::new(Kind::Anything)
}

fn with_value(value: impl Serialize, pattern: impl FnOnce(Value) -> Pattern) -> Pattern {
    match serde_json::to_value(value) {
        Ok(value) => pattern(value),
        Err(error) => Pattern::broken(format!(
            "a value, but the expected value cannot be written as JSON: {error}"
        )),
    }
}

fn owned<K: Into<String>>(
    fields: impl IntoIterator<Item = (K, Pattern)>,
) -> Vec<(String, Pattern)> {
    fields
        .into_iter()
        .map(|(key, field)| (key.into(), field))
        .collect()
}
