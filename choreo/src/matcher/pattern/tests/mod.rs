//! One table per family of forms: what passes, and of what does not, every leaf as
//! `path | kind | expected | actual`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use serde::{Serialize, Serializer};
use serde_json::json;

use super::super::diff::{leaves, render_actual};
use super::super::functions::*;
use super::super::{Matcher, MessagePattern, Mismatch, MismatchKind, Subject, Verdict};
use super::*;

mod containers;
mod messages;
mod shapes;
mod values;
mod words;

#[track_caller]
fn passes(pattern: &Pattern, value: &Value) {
    if let Err(mismatch) = pattern.verdict(Subject::present(value)) {
        panic!("{pattern:?} on {value}: {mismatch:#?}");
    }
}

#[track_caller]
fn fails(pattern: &Pattern, value: &Value, differences: &[&str]) {
    let mismatch = pattern
        .verdict(Subject::present(value))
        .expect_err("it must not match");
    assert_eq!(lines(&mismatch), differences, "{pattern:?} on {value}");
}

fn lines(mismatch: &Mismatch) -> Vec<String> {
    leaves(mismatch)
        .map(|leaf| {
            let actual = render_actual(&leaf.actual, 60);
            format!(
                "{} | {:?} | {} | {actual}",
                leaf.path, leaf.kind, leaf.expected
            )
        })
        .collect()
}

fn undecodable(raw: &[u8]) -> Subject<'_> {
    Subject::message(Err("expected value at line 1 column 1"), raw)
}

fn rest() -> ListItem {
    ListItem::Rest
}

fn one(pattern: Pattern) -> ListItem {
    ListItem::One(pattern)
}
