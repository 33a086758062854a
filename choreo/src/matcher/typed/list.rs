//! Conditions on lists.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;

use super::super::{Actual, Mismatch, MismatchKind, diff};
use super::{Found, shown};

/// How many differences are listed where a payload decides their number.
const LISTED: usize = 20;

/// A field whose elements have patterns.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is no list",
    label = "has no elements in order",
    note = "list patterns, `every` and `any` are for `Vec`, arrays and boxed slices; for another collection write `=> matcher`, which sees it as JSON"
)]
pub trait ListField {
    /// What is in it.
    type Item: Debug;

    /// The elements, if there is a list.
    fn items(&self) -> Option<&[Self::Item]>;
}

impl<T: Debug> ListField for [T] {
    type Item = T;
    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T: Debug> ListField for Vec<T> {
    type Item = T;
    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T: Debug, const N: usize> ListField for [T; N] {
    type Item = T;
    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<L: ListField + ?Sized> ListField for Box<L> {
    type Item = L::Item;
    fn items(&self) -> Option<&[L::Item]> {
        (**self).items()
    }
}

impl<L: ListField> ListField for Option<L> {
    type Item = L::Item;
    fn items(&self) -> Option<&[L::Item]> {
        self.as_ref()?.items()
    }
}

/// A field with a number of elements.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no number of elements",
    label = "no collection",
    note = "`len` is for lists, sets and maps of the standard library; for a string write `=~ r\"^.{{3}}$\"`"
)]
pub trait LengthField {
    /// The number, if there is a collection.
    fn length(&self) -> Option<usize>;
}

macro_rules! length_field {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> LengthField for $type {
            fn length(&self) -> Option<usize> {
                Some(self.len())
            }
        }
    )*};
}
length_field! {
    [T] [T];
    [T] Vec<T>;
    [T, const N: usize] [T; N];
    [T] VecDeque<T>;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl<L: LengthField + ?Sized> LengthField for Box<L> {
    fn length(&self) -> Option<usize> {
        (**self).length()
    }
}

impl<L: LengthField> LengthField for Option<L> {
    fn length(&self) -> Option<usize> {
        self.as_ref()?.length()
    }
}

/// Conditions on an element.
type OnElement<'a, T> = &'a dyn Fn(&T, &mut Found);

/// One element of a list pattern.
#[expect(missing_debug_implementations, reason = "it borrows closures")]
pub enum Element<'a, T> {
    /// An element that meets these conditions.
    One(OnElement<'a, T>),
    /// `..`: any number of elements, also none.
    Rest,
}

/// `len p`
pub fn len<F: LengthField + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    conditions: OnElement<'_, usize>,
) {
    let Some(length) = field.length() else {
        return missing(found, expected);
    };
    if !found.probe(|apart| conditions(&length, apart)).is_empty() {
        let actual = Actual::Text(format!(
            "{length} element{}",
            if length == 1 { "" } else { "s" }
        ));
        found.report(MismatchKind::Predicate, expected, actual);
    }
}

/// `every p`; an empty list passes.
pub fn every<F: ListField + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    conditions: OnElement<'_, F::Item>,
) {
    let Some(items) = field.items() else {
        return missing(found, expected);
    };
    let mut children = Vec::new();
    let mut different = 0;
    for (index, item) in items.iter().enumerate() {
        let differences = at_index(found, index, item, conditions);
        if !differences.is_empty() {
            different += 1;
            if different <= LISTED {
                children.extend(differences);
            }
        }
    }
    if different > 0 {
        let actual = Actual::Text(format!("{different} of {} elements differ", items.len()));
        found.report_composed(Mismatch::all(expected, actual, children));
    }
}

/// `any p`; an empty list fails.
pub fn any<F: ListField + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    conditions: OnElement<'_, F::Item>,
) {
    let Some(items) = field.items() else {
        return missing(found, expected);
    };
    let mut closest = Closest::default();
    for (index, item) in items.iter().enumerate() {
        let differences = at_index(found, index, item, conditions);
        if differences.is_empty() {
            return;
        }
        closest.push(together(found, expected, index, differences));
    }
    closest.report(found, expected, items.len());
}

/// `[p, .., q]`. What stands before the first `..` is compared from the front, what stands after
/// the last one from the back, and each run between two takes the first place where it fits.
pub fn list<F: ListField + ?Sized>(
    found: &mut Found,
    field: &F,
    expected: &'static str,
    elements: &[Element<'_, F::Item>],
) {
    let Some(items) = field.items() else {
        return missing(found, expected);
    };
    let runs: Vec<&[Element<'_, F::Item>]> = elements
        .split(|element| matches!(element, Element::Rest))
        .collect();
    match runs.as_slice() {
        [] => {}
        [only] => {
            let differences = compare(found, only, 0, items);
            found.differences.extend(differences);
            for (index, item) in items.iter().enumerate().skip(only.len()).take(LISTED) {
                found.enter_index(index);
                found.report(MismatchKind::Unexpected, "absent", shown(item));
                found.leave();
            }
        }
        [first, between @ .., last] => {
            // Never before the end of `first`: an element cannot stand for two patterns.
            let tail = items.len().saturating_sub(last.len()).max(first.len());
            let differences = compare(found, first, 0, items);
            found.differences.extend(differences);
            let mut from = first.len();
            for run in between.iter().filter(|run| !run.is_empty()) {
                match place(found, expected, run, from..tail, items) {
                    Ok(start) => from = start + run.len(),
                    Err(closest) => {
                        closest.report(found, expected, items.len());
                        // Where the next run would have to begin is unknown.
                        break;
                    }
                }
            }
            let differences = compare(found, last, tail, items);
            found.differences.extend(differences);
        }
    }
}

/// Compares a run of patterns with the elements from `start` on; what is beyond the end is missing.
fn compare<T>(found: &Found, run: &[Element<'_, T>], start: usize, items: &[T]) -> Vec<Mismatch> {
    let mut differences = Vec::new();
    for (index, element) in (start..).zip(run) {
        let Element::One(conditions) = element else {
            continue;
        };
        match items.get(index) {
            Some(item) => differences.extend(at_index(found, index, item, conditions)),
            None => {
                let mut apart = found.apart();
                apart.enter_index(index);
                apart.report(MismatchKind::Missing, "another element", Actual::Absent);
                differences.append(&mut apart.differences);
            }
        }
    }
    differences
}

/// The first place in `within` where the whole run fits.
fn place<T>(
    found: &Found,
    expected: &'static str,
    run: &[Element<'_, T>],
    within: std::ops::Range<usize>,
    items: &[T],
) -> Result<usize, Closest> {
    let mut closest = Closest::default();
    let until = within.end.min(items.len());
    for start in within.start..(until + 1).saturating_sub(run.len()) {
        let differences = compare(found, run, start, items);
        if differences.is_empty() {
            return Ok(start);
        }
        closest.push(together(found, expected, start, differences));
    }
    Err(closest)
}

/// Differences that must all go, as one.
fn together(
    found: &Found,
    expected: &'static str,
    index: usize,
    mut differences: Vec<Mismatch>,
) -> Mismatch {
    if differences.len() == 1
        && let Some(only) = differences.pop()
    {
        return only;
    }
    let actual = Actual::Text(format!("the elements from [{index}] on"));
    Mismatch {
        path: found.path(),
        ..Mismatch::all(expected, actual, differences)
    }
}

fn at_index<T>(
    found: &Found,
    index: usize,
    item: &T,
    conditions: OnElement<'_, T>,
) -> Vec<Mismatch> {
    found.probe(|apart| {
        apart.enter_index(index);
        conditions(item, apart);
    })
}

fn missing(found: &mut Found, expected: &'static str) {
    found.report(MismatchKind::Missing, expected, Actual::Absent);
}

/// Differences of which one had to go: the closest are kept.
#[derive(Default)]
struct Closest(Vec<Mismatch>);

impl Closest {
    fn push(&mut self, mismatch: Mismatch) {
        self.0.push(mismatch);
        if self.0.len() > 2 * LISTED {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.0.sort_by_key(diff::score);
        self.0.truncate(LISTED);
    }

    fn report(mut self, found: &mut Found, expected: &'static str, length: usize) {
        let actual = Actual::Text(format!(
            "a list of {length} element{}",
            if length == 1 { "" } else { "s" }
        ));
        if self.0.is_empty() {
            found.report(MismatchKind::Predicate, expected, actual);
            return;
        }
        if self.0.len() > LISTED {
            self.trim();
        }
        found.report_composed(Mismatch::any(expected, actual, self.0));
    }
}
