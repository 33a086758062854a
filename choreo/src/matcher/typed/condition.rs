//! Conditions on one field.

use std::cmp::Ordering;
use std::fmt::Debug;

use regex::Regex;
use serde::Serialize;

use super::super::{Actual, Matcher, Mismatch, MismatchKind, Subject};
use super::compare::{ComparesTo, Direct, InOption, OrdersTo};
use super::{Found, debugged, shown, to_value};

/// `field: value`
pub fn eq<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: ComparesTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    match field.equals(operand) {
        Some(true) => {}
        Some(false) => found.report(MismatchKind::Mismatch, debugged(operand), shown(field)),
        None => found.report(MismatchKind::Missing, debugged(operand), shown(field)),
    }
}

/// `field: != value`; a field without a value is not another one.
pub fn ne<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: ComparesTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    let expected = || format!("!= {}", debugged(operand));
    condition(
        found,
        field,
        field.equals(operand).map(|equal| !equal),
        expected,
    );
}

fn ordered<F, O, Kind>(
    found: &mut Found,
    operand: &O,
    field: &F,
    sign: &str,
    accepts: fn(Ordering) -> bool,
) where
    F: OrdersTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    let holds = field.order(operand).map(|order| order.is_some_and(accepts));
    condition(found, field, holds, || {
        format!("{sign} {}", debugged(operand))
    });
}

/// `field: > value`
pub fn gt<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: OrdersTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    ordered(found, operand, field, ">", Ordering::is_gt);
}

/// `field: >= value`
pub fn ge<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: OrdersTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    ordered(found, operand, field, ">=", Ordering::is_ge);
}

/// `field: < value`
pub fn lt<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: OrdersTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    ordered(found, operand, field, "<", Ordering::is_lt);
}

/// `field: <= value`
pub fn le<F, O, Kind>(found: &mut Found, operand: &O, field: &F)
where
    F: OrdersTo<O, Kind> + ?Sized,
    O: Debug + ?Sized,
{
    ordered(found, operand, field, "<=", Ordering::is_le);
}

/// `field: low..high`
pub fn range<F, L, H, LowKind, HighKind>(found: &mut Found, low: &L, high: &H, field: &F)
where
    F: OrdersTo<L, LowKind> + OrdersTo<H, HighKind> + ?Sized,
    L: Debug + ?Sized,
    H: Debug + ?Sized,
{
    let from_low = OrdersTo::<L, LowKind>::order(field, low);
    let to_high = OrdersTo::<H, HighKind>::order(field, high);
    let within = from_low.zip(to_high).map(|(from_low, to_high)| {
        from_low.is_some_and(Ordering::is_ge) && to_high.is_some_and(Ordering::is_lt)
    });
    condition(found, field, within, || {
        format!("{}..{}", debugged(low), debugged(high))
    });
}

/// `field: low..=high`
pub fn range_inclusive<F, L, H, LowKind, HighKind>(found: &mut Found, low: &L, high: &H, field: &F)
where
    F: OrdersTo<L, LowKind> + OrdersTo<H, HighKind> + ?Sized,
    L: Debug + ?Sized,
    H: Debug + ?Sized,
{
    let from_low = OrdersTo::<L, LowKind>::order(field, low);
    let to_high = OrdersTo::<H, HighKind>::order(field, high);
    let within = from_low.zip(to_high).map(|(from_low, to_high)| {
        from_low.is_some_and(Ordering::is_ge) && to_high.is_some_and(Ordering::is_le)
    });
    condition(found, field, within, || {
        format!("{}..={}", debugged(low), debugged(high))
    });
}

/// A field that holds text.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is no text",
    label = "only text matches a regex or contains a part",
    note = "`=~` and `contains` are for `String` and other types that implement `AsRef<str>`; for another type write a value, a comparison or `=> matcher`"
)]
pub trait TextField<Kind> {
    /// The text, if there is one.
    fn text(&self) -> Option<&str>;
}

#[diagnostic::do_not_recommend]
impl<Field: AsRef<str> + ?Sized> TextField<Direct> for Field {
    fn text(&self) -> Option<&str> {
        Some(self.as_ref())
    }
}

#[diagnostic::do_not_recommend]
impl<Field: TextField<Kind>, Kind> TextField<InOption<Kind>> for Option<Field> {
    fn text(&self) -> Option<&str> {
        self.as_ref()?.text()
    }
}

/// `field: =~ r"…"`
pub fn regex<F: TextField<Kind> + ?Sized, Kind>(found: &mut Found, regex: &Regex, field: &F) {
    text_condition(
        found,
        field.text(),
        || format!("=~ {:?}", regex.as_str()),
        |text| regex.is_match(text),
    );
}

/// `field: contains "…"`
pub fn contains<F, P, Kind>(found: &mut Found, part: &P, field: &F)
where
    F: TextField<Kind> + ?Sized,
    P: AsRef<str> + ?Sized,
{
    let part = part.as_ref();
    text_condition(
        found,
        field.text(),
        || format!("contains {part:?}"),
        |text| text.contains(part),
    );
}

fn text_condition(
    found: &mut Found,
    text: Option<&str>,
    expected: impl Fn() -> String,
    accepted: impl Fn(&str) -> bool,
) {
    match text {
        Some(text) if accepted(text) => {}
        Some(text) => found.report(MismatchKind::Predicate, expected(), shown(text)),
        None => found.report(MismatchKind::Missing, expected(), Actual::Absent),
    }
}

/// A field that may have no value.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` always has a value",
    label = "never absent and never null",
    note = "`absent` and `null` are for a field of type `Option`; for any value write `_`"
)]
pub trait NullableField: Debug {
    /// Whether there is no value.
    fn is_null(&self) -> bool;
}

impl<T: Debug> NullableField for Option<T> {
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

/// `field: absent` and `field: null`, which are the same once a message is decoded.
pub fn none<F: NullableField>(found: &mut Found, expected: &'static str, field: &F) {
    if !field.is_null() {
        found.report(MismatchKind::Unexpected, expected, shown(field));
    }
}

/// `Type::Variant`, and it is another one.
pub fn other_variant<F: Debug + ?Sized>(found: &mut Found, field: &F, expected: &'static str) {
    let kind = if expected == "Some" {
        MismatchKind::Missing
    } else {
        MismatchKind::Mismatch
    };
    found.report(kind, expected, shown(field));
}

/// `Variant { .. }` under an imported name, and it is another one.
pub fn other_variant_unseen(found: &mut Found, expected: &'static str) {
    found.report(
        MismatchKind::Mismatch,
        expected,
        Actual::Text("another variant".to_owned()),
    );
}

/// `field: => matcher` and `field: { key: p }`: on the field as JSON.
pub fn serialized<F, M>(found: &mut Found, matcher: &M, field: &F)
where
    F: Serialize + ?Sized,
    M: Matcher + ?Sized,
{
    match to_value(field) {
        Err(error) => found.report(
            MismatchKind::TypeMismatch,
            matcher.describe(),
            Actual::Text(format!("a value that does not serialize: {error}")),
        ),
        Ok(value) => {
            if let Err(mismatch) = matcher.check(Subject::present(&value)) {
                let mismatch = found
                    .place
                    .iter()
                    .rev()
                    .cloned()
                    .fold(mismatch, Mismatch::under);
                found.differences.push(mismatch);
            }
        }
    }
}

/// Conditions on the same value.
type Branch<'a> = &'a dyn Fn(&mut Found);

/// `p | q`
pub fn any_of<F: Debug + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    branches: &[Branch<'_>],
) {
    let mut children = Vec::with_capacity(branches.len());
    for branch in branches {
        let mut differences = found.probe(branch);
        match differences.len() {
            0 => return,
            1 => children.append(&mut differences),
            _ => children.push(Mismatch {
                path: found.path(),
                ..Mismatch::all(expected, shown(field), differences)
            }),
        }
    }
    found.report_composed(Mismatch::any(expected, shown(field), children));
}

/// `in [a, b]`: a single difference, the list says it all.
pub fn one_of<F: Debug + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    branches: &[Branch<'_>],
) {
    if !branches.iter().any(|branch| found.probe(branch).is_empty()) {
        broken(found, expected, field);
    }
}

/// `!p`
pub fn not<F: Debug + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    branch: Branch<'_>,
) {
    if found.probe(branch).is_empty() {
        broken(found, expected, field);
    }
}

fn broken<F: Debug + ?Sized>(found: &mut Found, expected: impl Into<String>, field: &F) {
    found.report(MismatchKind::Predicate, expected, shown(field));
}

/// Reports a field that has no value, or one that does not meet a condition.
fn condition<F: Debug + ?Sized>(
    found: &mut Found,
    field: &F,
    met: Option<bool>,
    expected: impl FnOnce() -> String,
) {
    match met {
        Some(true) => {}
        Some(false) => broken(found, expected(), field),
        None => found.report(MismatchKind::Missing, expected(), shown(field)),
    }
}
