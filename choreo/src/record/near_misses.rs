//! Near misses, difference by difference.

use choreo_report::model::{Difference, MismatchKind as Kind, NearMiss as NearMissRecord};
use serde_json::Value;

use super::Context;
use super::ids::Ids;
use super::messages::Messages;
use crate::matcher::{Actual, Mismatch, MismatchKind, diff};
use crate::outcome::{Late, NearMiss};

/// Differences of one near miss.
const DIFFERENCES: usize = 64;
/// Characters of a value that is too large to be shown as it is.
const VALUE_CHARS: usize = 2000;

/// The closest first. Of a message that is not in the report anyway only the differences are.
pub(super) fn records(
    context: &Context<'_>,
    near_misses: &[NearMiss],
    messages: &Messages<'_>,
) -> Vec<NearMissRecord> {
    near_misses
        .iter()
        .map(|near_miss| {
            let mut leaves = diff::leaves(&near_miss.mismatch);
            let shown = leaves.by_ref().take(DIFFERENCES);
            let differences = shown.map(|leaf| difference(leaf, context.ids)).collect();
            let mut record = NearMissRecord::new(differences);
            let dropped = leaves.count() as u64;
            record.differences_dropped = (dropped > 0).then_some(dropped);
            record.message = messages.id(near_miss.arrival);
            record.offset_ms = Some(context.offset(near_miss.received_at).into());
            record.score = Some(near_miss.score.number());
            record
        })
        .collect()
}

/// One that differs in nothing but its time.
pub(super) fn late(context: &Context<'_>, late: Late, messages: &Messages<'_>) -> NearMissRecord {
    let mut record = NearMissRecord::new(Vec::new());
    record.message = messages.id(late.moment.arrival);
    record.offset_ms = Some(context.offset(late.moment.at).into());
    record.score = Some(0);
    record
}

fn difference(leaf: &Mismatch, ids: &Ids) -> Difference {
    let kind = match leaf.kind {
        MismatchKind::Missing => Kind::Missing,
        MismatchKind::TypeMismatch => Kind::TypeMismatch,
        MismatchKind::Predicate => Kind::Predicate,
        MismatchKind::Composed => Kind::Composed,
        MismatchKind::Mismatch | MismatchKind::Unexpected => Kind::Mismatch,
    };
    let path = if leaf.path.is_root() {
        String::new()
    } else {
        ids.hidden(&leaf.path.to_string()).into_owned()
    };
    let mut difference = Difference::new(path, kind);
    let expected = match leaf.kind {
        MismatchKind::Unexpected => "absent".into(),
        _ => ids.hidden(&leaf.expected).into_owned(),
    };
    difference.expected = Some(Value::from(expected));
    difference.actual = actual(&leaf.actual, ids);
    difference
}

fn actual(actual: &Actual, ids: &Ids) -> Option<Value> {
    match actual {
        Actual::Absent => None,
        Actual::Value(value) => {
            let mut shown = bounded(value, VALUE_CHARS);
            ids.hide(&mut shown);
            Some(shown)
        }
        Actual::Bytes(_) | Actual::Text(_) => {
            let text = diff::render_actual(actual, VALUE_CHARS);
            Some(ids.hidden(&text).into_owned().into())
        }
    }
}

/// The value, or the beginning of its text where it is too large.
pub(super) fn bounded(value: &Value, max_chars: usize) -> Value {
    let text = diff::render_actual(&Actual::Value(value.clone()), max_chars + 1);
    if text.chars().count() > max_chars {
        Value::from(diff::render_actual(
            &Actual::Value(value.clone()),
            max_chars,
        ))
    } else {
        value.clone()
    }
}
