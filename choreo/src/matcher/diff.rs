//! Which of several near misses is the closest, and what of it is worth showing.
//!
//! Knows nothing of colours and layout.

use std::fmt::{self, Write};

use super::bounded::{Bounded, bounded};
use super::{Actual, Mismatch, MismatchKind};

/// How far a near miss is from a match; less is closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score {
    /// Whether the message is another thing altogether: it does not decode, or is not even an
    /// object where an object is expected.
    foreign: bool,
    /// How many single differences there are.
    leaves: usize,
    /// How many of them are missing fields or wrong types, rather than wrong values.
    severe: usize,
}

impl Score {
    /// As one number; less is closer.
    pub(crate) fn number(self) -> u64 {
        let field = |count: usize| (count as u64).min(0xffff);
        u64::from(self.foreign) << 32 | field(self.leaves) << 16 | field(self.severe)
    }
}

/// Rates a near miss: fewer differences are closer, then fewer missing fields and wrong types.
pub(crate) fn score(mismatch: &Mismatch) -> Score {
    score_of(&collect(mismatch))
}

fn score_of(leaves: &[&Mismatch]) -> Score {
    let severe = |leaf: &&&Mismatch| {
        matches!(
            leaf.kind,
            MismatchKind::Missing | MismatchKind::TypeMismatch
        )
    };
    Score {
        foreign: leaves
            .iter()
            .any(|leaf| leaf.kind == MismatchKind::TypeMismatch && leaf.path.is_root()),
        leaves: leaves.len(),
        severe: leaves.iter().filter(severe).count(),
    }
}

/// The single differences, in order.
///
/// Where one of several alternatives would have been enough, those of the closest alternative if
/// it has parts (`any { state: "NEW" }`), and otherwise the alternatives as one (`"A" | "B"`).
pub(crate) fn leaves(mismatch: &Mismatch) -> impl Iterator<Item = &Mismatch> {
    collect(mismatch).into_iter()
}

/// Visits each node once: alternatives are rated by the leaves that they gave.
fn collect(mismatch: &Mismatch) -> Vec<&Mismatch> {
    if mismatch.children.is_empty() {
        return vec![mismatch];
    }
    if !mismatch.alternatives {
        return mismatch.children.iter().flat_map(collect).collect();
    }
    let best = mismatch
        .children
        .iter()
        .map(|child| (child, collect(child)))
        .min_by_key(|(_, leaves)| score_of(leaves));
    match best {
        Some((child, leaves)) if !child.children.is_empty() => leaves,
        _ => vec![mismatch],
    }
}

/// What was found, in at most `max_chars` characters, `…` where it was cut.
pub(crate) fn render_actual(actual: &Actual, max_chars: usize) -> String {
    bounded(max_chars, |out| write_actual(actual, out))
}

fn write_actual(actual: &Actual, out: &mut Bounded) -> fmt::Result {
    match actual {
        Actual::Absent => out.write_str("nothing"),
        Actual::Value(value) => write!(out, "{value}"),
        Actual::Bytes(bytes) => write!(out, "b\"{}\"", bytes.escape_ascii()),
        Actual::Text(text) => out.write_str(text),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::super::functions::{Pattern, any, any_of, eq, gt, object};
    use super::super::{Matcher, Subject};
    use super::*;

    fn miss(pattern: &Pattern, value: &Value) -> Mismatch {
        pattern
            .check(Subject::present(value))
            .expect_err("it must not match")
    }

    #[test]
    fn the_closest_has_the_fewest_differences_and_of_these_the_mildest() {
        let pattern = object([("a", eq(1)), ("b", gt(1)), ("c", eq("x"))]);
        let ascending = [
            json!({ "a": 1, "b": 2, "c": "y" }),   // one value
            json!({ "a": 1, "b": 2 }),             // one missing
            json!({ "a": 2, "b": 0, "c": "x" }),   // two values
            json!({ "a": "1", "b": 0, "c": "x" }), // two, one of another type
            json!({}),
            json!(5), // one difference only, but another thing altogether
        ]
        .map(|value| miss(&pattern, &value));
        for pair in ascending.windows(2) {
            assert!(score(&pair[0]) < score(&pair[1]), "{pair:#?}");
        }

        let undecodable = Subject::message(Err("not JSON"), b"?");
        let undecodable = pattern.check(undecodable).expect_err("it must not match");
        assert!(score(&ascending[4]) < score(&undecodable));
    }

    #[test]
    fn of_alternatives_the_best_one_counts() {
        let one = object([("a", eq(1)), ("b", eq(1)), ("c", eq(1))]);
        let other = object([("a", eq(2)), ("d", eq(1))]);
        let mismatch = miss(&any_of(vec![one, other]), &json!({ "a": 1, "d": 1 }));
        let paths: Vec<_> = leaves(&mismatch)
            .map(|leaf| leaf.path.to_string())
            .collect();
        assert_eq!(paths, ["a"]);

        let scalar = miss(&any(eq(1)), &json!([2, 3]));
        assert_eq!(leaves(&scalar).collect::<Vec<_>>(), [&scalar]);
    }

    #[test]
    fn what_was_found_is_cut_between_characters() {
        let shown = |actual: Actual| render_actual(&actual, 8);
        assert_eq!(shown(Actual::Absent), "nothing");
        assert_eq!(shown(Actual::Value(json!({ "größe": 1 }))), "{\"größe…");
        assert_eq!(shown(Actual::Value(json!("größer"))), "\"größer\"");
        assert_eq!(
            shown(Actual::Bytes(Bytes::from_static(b"a\xff"))),
            r#"b"a\xff""#
        );
        assert_eq!(
            shown(Actual::Bytes(Bytes::from_static(&[0; 99]))),
            r#"b"\x00\…"#
        );
        assert_eq!(
            shown(Actual::Text("日本語日本語日本語".to_owned())),
            "日本語日本語日…"
        );
        assert_eq!(render_actual(&Actual::Value(json!(1)), 0), "");
    }
}
