//! Conditions on strings.

use super::super::pattern::{Part, Pattern, Text};

/// A string with this part in it, or a whole message with these bytes in its payload, whether or
/// not it decodes. `contains "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(contains("EM-4").check(Subject::present(&json!("ITEM-42"))).is_ok());
/// assert!(contains("level=warn").check(Subject::message(Err("not JSON"), b"level=warn x")).is_ok());
/// ```
#[must_use]
pub fn contains(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Inside, part, false)
}

/// A string that begins so, or a whole message whose payload does. `prefix "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(prefix("ITEM-").check(Subject::present(&json!("ITEM-42"))).is_ok());
/// assert!(prefix("%PDF").check(Subject::message(Err("not JSON"), b"%PDF-1.7")).is_ok());
/// ```
#[must_use]
pub fn prefix(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Prefix, part, false)
}

/// A string that ends so, or a whole message whose payload does. `suffix "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(suffix(".pdf").check(Subject::present(&json!("invoice.pdf"))).is_ok());
/// ```
#[must_use]
pub fn suffix(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Suffix, part, false)
}

/// This text in any case: both are compared in lower case, with Unicode's rules of no language.
/// `ignore_case "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(eq_ignore_case("größe").check(Subject::present(&json!("GRÖßE"))).is_ok());
/// ```
#[must_use]
pub fn eq_ignore_case(text: impl Into<String>) -> Pattern {
    Text::pattern(Part::Whole, text, true)
}

/// As [`contains`], in any case. `ignore_case contains "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(contains_ignore_case("item").check(Subject::present(&json!("No ITEM"))).is_ok());
/// ```
#[must_use]
pub fn contains_ignore_case(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Inside, part, true)
}

/// As [`prefix`], in any case. `ignore_case prefix "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(prefix_ignore_case("item-").check(Subject::present(&json!("Item-42"))).is_ok());
/// ```
#[must_use]
pub fn prefix_ignore_case(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Prefix, part, true)
}

/// As [`suffix`], in any case. `ignore_case suffix "…"` in `expect!`.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// assert!(suffix_ignore_case(".PDF").check(Subject::present(&json!("invoice.pdf"))).is_ok());
/// ```
#[must_use]
pub fn suffix_ignore_case(part: impl Into<String>) -> Pattern {
    Text::pattern(Part::Suffix, part, true)
}
