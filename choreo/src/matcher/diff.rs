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

/// Rates a near miss: fewer differences are closer, then fewer missing fields and wrong types.
pub(crate) fn score(mismatch: &Mismatch) -> Score {
    let foreign = mismatch.kind == MismatchKind::TypeMismatch && mismatch.path.is_root();
    let mut score = Score {
        foreign,
        leaves: 0,
        severe: 0,
    };
    for leaf in leaves(mismatch) {
        score.leaves += 1;
        if matches!(
            leaf.kind,
            MismatchKind::Missing | MismatchKind::TypeMismatch
        ) {
            score.severe += 1;
        }
    }
    score
}

/// The closest of several near misses; of equals the first.
pub(crate) fn closest<'a>(
    mismatches: impl IntoIterator<Item = &'a Mismatch>,
) -> Option<&'a Mismatch> {
    mismatches
        .into_iter()
        .min_by_key(|mismatch| score(mismatch))
}

/// The single differences, in order.
///
/// Where one of several alternatives would have been enough, those of the closest alternative if
/// it has parts (`any { state: "NEW" }`), and otherwise the alternatives as one (`"A" | "B"`).
pub(crate) fn leaves(mismatch: &Mismatch) -> impl Iterator<Item = &Mismatch> {
    let mut leaves = Vec::new();
    collect(mismatch, &mut leaves);
    leaves.into_iter()
}

fn collect<'a>(mismatch: &'a Mismatch, leaves: &mut Vec<&'a Mismatch>) {
    if mismatch.children.is_empty() {
        leaves.push(mismatch);
    } else if !mismatch.alternatives {
        for child in &mismatch.children {
            collect(child, leaves);
        }
    } else {
        match closest(&mismatch.children) {
            Some(child) if !child.children.is_empty() => collect(child, leaves),
            _ => leaves.push(mismatch),
        }
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
