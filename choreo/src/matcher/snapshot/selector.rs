//! Which places of a message a redaction replaces, in the terms of insta's selectors.

use serde_json::Value;

/// One step of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotStep {
    /// `.key`, `["odd key"]`
    Key(&'static str),
    /// `[0]`
    Index(u64),
    /// `[]`, `[1:]`, `[:-1]`: elements of a list; negative numbers count from its end.
    Range(Option<i64>, Option<i64>),
    /// `.*`
    Any,
    /// `.**`: any number of steps; also none, where something follows.
    Deep,
}

/// Where a value is while a message is walked through.
#[derive(Debug, Clone, Copy)]
enum At<'v> {
    Key(&'v str),
    Index { index: usize, len: usize },
}

impl SnapshotStep {
    fn accepts(&self, at: At<'_>) -> bool {
        match (self, at) {
            (Self::Any | Self::Deep, _) => true,
            (Self::Key(wanted), At::Key(key)) => *wanted == key,
            (Self::Index(wanted), At::Index { index, .. }) => *wanted == index as u64,
            (Self::Range(start, end), At::Index { index, len }) => {
                let bound = |bound: i64| {
                    let distance = usize::try_from(bound.unsigned_abs()).unwrap_or(usize::MAX);
                    if bound < 0 {
                        len.saturating_sub(distance)
                    } else {
                        distance
                    }
                };
                start.is_none_or(|start| index >= bound(start))
                    && end.is_none_or(|end| index < bound(end))
            }
            (Self::Key(_), At::Index { .. }) | (Self::Index(_) | Self::Range(..), At::Key(_)) => {
                false
            }
        }
    }
}

/// Puts `replacement` in the place of every value that the selector leads to.
pub(super) fn redact(value: &mut Value, selector: &[SnapshotStep], replacement: &Value) {
    walk(value, selector, replacement, &mut Vec::new());
}

/// Not through a copy of the keys: a payload may be large, and its text goes no deeper than 128 levels.
fn walk<'v>(
    value: &'v mut Value,
    selector: &[SnapshotStep],
    replacement: &Value,
    path: &mut Vec<At<'v>>,
) {
    if leads_to(selector, path) {
        *value = replacement.clone();
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(At::Key(key));
                walk(field, selector, replacement, path);
                path.pop();
            }
        }
        Value::Array(elements) => {
            let len = elements.len();
            for (index, element) in elements.iter_mut().enumerate() {
                path.push(At::Index { index, len });
                walk(element, selector, replacement, path);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn leads_to(selector: &[SnapshotStep], path: &[At<'_>]) -> bool {
    let accept = |steps: &[SnapshotStep], path: &[At<'_>]| {
        steps.iter().zip(path).all(|(step, at)| step.accepts(*at))
    };
    let deep = selector.iter().position(|step| *step == SnapshotStep::Deep);
    let Some(deep) = deep else {
        return selector.len() == path.len() && accept(selector, path);
    };
    let (before, after) = (&selector[..deep], &selector[deep + 1..]);
    path.len() > before.len()
        && path.len() >= before.len() + after.len()
        && accept(before, path)
        && accept(after, &path[path.len() - after.len()..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::SnapshotStep::{Any, Deep, Index, Key, Range};
    use super::*;

    #[track_caller]
    fn assert_redacted(selector: &[SnapshotStep], expected: &Value) {
        let mut message = json!({
            "id": 1,
            "items": [{ "id": 2, "sku": "A" }, { "id": 3, "sku": "B" }],
            "order": { "id": 4 },
        });
        redact(&mut message, selector, &json!("-"));
        assert_eq!(&message, expected, "{selector:?}");
    }

    #[test]
    fn selectors_lead_where_insta_says() {
        let items = |first: Value, second: Value| {
            json!({
                "id": 1,
                "items": [{ "id": first, "sku": "A" }, { "id": second, "sku": "B" }],
                "order": { "id": 4 },
            })
        };
        let redacted = json!("-");
        assert_redacted(&[], &redacted);
        assert_redacted(&[Key("none")], &items(json!(2), json!(3)));
        assert_redacted(
            &[Key("items"), Range(None, None), Key("id")],
            &items(redacted.clone(), redacted.clone()),
        );
        assert_redacted(
            &[Key("items"), Index(1), Key("id")],
            &items(json!(2), redacted.clone()),
        );
        assert_redacted(
            &[Key("items"), Range(Some(-1), None), Key("id")],
            &items(json!(2), redacted.clone()),
        );
        assert_redacted(
            &[Key("items"), Range(None, Some(-1)), Key("id")],
            &items(redacted.clone(), json!(3)),
        );
        let items = json!([{ "id": 2, "sku": "A" }, { "id": 3, "sku": "B" }]);
        assert_redacted(
            &[Any, Key("id")],
            &json!({ "id": 1, "items": items, "order": { "id": "-" } }),
        );
        assert_redacted(
            &[Deep, Key("id")],
            &json!({
                "id": "-",
                "items": [{ "id": "-", "sku": "A" }, { "id": "-", "sku": "B" }],
                "order": { "id": "-" },
            }),
        );
        assert_redacted(
            &[Key("items"), Deep],
            &json!({ "id": 1, "items": ["-", "-"], "order": { "id": 4 } }),
        );
    }
}
