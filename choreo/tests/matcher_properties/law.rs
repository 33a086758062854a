//! What holds for every pattern and every message. The fuzz target `pattern` calls it too (`tests/laws`), so it
//! names nothing but the library and the naive reading beside it.

use choreo::matcher::{Actual, Matcher, Mismatch, MismatchKind, Path, Segment, Subject};
use serde_json::Value;

use super::reading::{Asked, Form, build, holds, inside};

/// The pattern judges a value as the naive reading does.
pub(crate) fn agrees(message: &Value, form: &Form) {
    let verdict = build(form).check(Subject::present(message));
    assert_eq!(
        verdict.is_ok(),
        holds(form, inside(Some(message))),
        "{verdict:?}"
    );
    if let Err(mismatch) = verdict {
        points_at_what_it_says(&mismatch, message);
    }
}

/// So it does a whole message, which may be no JSON at all.
pub(crate) fn agrees_on_message(raw: &[u8], form: &Form) {
    let decoded = serde_json::from_slice::<Value>(raw).map_err(|error| error.to_string());
    let subject = Subject::message(decoded.as_ref().map_err(String::as_str), raw);
    let asked = Asked {
        value: decoded.as_ref().ok(),
        raw: Some(raw),
    };
    let pattern = build(form);
    let verdict = pattern.check(subject);
    assert_eq!(verdict.is_ok(), holds(form, asked), "{verdict:?}");
    assert!(pattern.describe().chars().count() <= 400);
}

/// Each path leads to what the mismatch says is there.
pub(crate) fn points_at_what_it_says(mismatch: &Mismatch, message: &Value) {
    let found = at(message, &mismatch.path);
    match &mismatch.actual {
        Actual::Value(value) => assert_eq!(found, Some(value), "{}", mismatch.path),
        Actual::Absent => assert_eq!(found, None, "{}", mismatch.path),
        _ => assert!(found.is_some(), "{}", mismatch.path),
    }
    assert_eq!(
        mismatch.kind == MismatchKind::Missing,
        found.is_none() && mismatch.children.is_empty()
    );
    assert_eq!(
        mismatch.kind == MismatchKind::Composed,
        !mismatch.children.is_empty()
    );
    assert!(!mismatch.expected.is_empty());
    for child in &mismatch.children {
        points_at_what_it_says(child, message);
    }
}

fn at<'a>(message: &'a Value, path: &Path) -> Option<&'a Value> {
    path.segments()
        .iter()
        .try_fold(message, |value, segment| match segment {
            Segment::Part(_) => None,
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.get(index),
        })
}
