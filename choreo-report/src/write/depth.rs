//! Keeps reports shallow enough for readers: many follow 128 levels of JSON and no more.
//!
//! A payload may nest as deep as a reader follows, and the report adds some levels around it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::model::{MatchFailure, Test};

/// Levels of the whole report.
const LEVELS: usize = 120;

/// Levels of parts within the differences of a message. Below them, all that nests is the user's.
const FAILURE_LEVELS: usize = 8;

/// What stands for what was cut.
const CUT: &str = "(nested too deep to be shown)";

/// Appends `value` as JSON. The levels around it are `outside`. Gives the number of levels.
fn append(out: &mut Vec<u8>, value: &impl Serialize, outside: usize) -> io::Result<usize> {
    let mut levels = Levels {
        now: outside,
        most: outside,
    };
    value.serialize(&mut Serializer::with_formatter(out, &mut levels))?;
    Ok(levels.most)
}

/// Appends `test` as JSON; if it is too deep, with that cut. Gives the number of cuts.
pub(crate) fn append_test(out: &mut Vec<u8>, test: &Test) -> io::Result<u64> {
    let start = out.len();
    let outside = 2;
    if append(out, test, outside)? <= LEVELS {
        return Ok(0);
    }
    let mut test = test.clone();
    let mut cuts = 0;
    let handles = test
        .scenarios
        .iter_mut()
        .flat_map(|scenario| &mut scenario.handles);
    for failure in handles.flat_map(|handle| handle.failure.iter_mut().chain(&mut handle.failures))
    {
        cut_failure(failure, FAILURE_LEVELS, &mut cuts);
    }
    out.truncate(start);
    Ok(cuts + append_any(out, &test, outside)?)
}

/// Appends `value`, which nests by what is the user's only, as JSON; if it is too deep, with that cut. Gives the
/// number of cuts.
pub(super) fn append_any(
    out: &mut Vec<u8>,
    value: &impl Serialize,
    outside: usize,
) -> io::Result<u64> {
    let start = out.len();
    if append(out, value, outside)? <= LEVELS {
        return Ok(0);
    }
    let mut value = serde_json::to_value(value)?;
    let mut cuts = 0;
    cut_value(&mut value, LEVELS.saturating_sub(outside), &mut cuts);
    out.truncate(start);
    append(out, &value, outside)?;
    Ok(cuts)
}

fn cut_failure(failure: &mut MatchFailure, levels: usize, cuts: &mut u64) {
    if levels == 0 && !failure.children.is_empty() {
        failure.children.clear();
        *cuts += 1;
    }
    for child in &mut failure.children {
        cut_failure(child, levels - 1, cuts);
    }
}

fn cut_value(value: &mut Value, levels: usize, cuts: &mut u64) {
    let nests = match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    if nests && levels == 0 {
        *value = CUT.into();
        *cuts += 1;
    }
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| cut_value(item, levels - 1, cuts)),
        Value::Object(fields) => {
            fields
                .values_mut()
                .for_each(|field| cut_value(field, levels - 1, cuts));
        }
        _ => {}
    }
}

/// Compact JSON, with its levels counted.
struct Levels {
    now: usize,
    most: usize,
}

impl Levels {
    fn down(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    fn up(&mut self) {
        self.now -= 1;
    }
}

impl Formatter for &mut Levels {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.down();
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.up();
        out.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.down();
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.up();
        out.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{
        Handle, MatchFailure, Millis, MismatchKind, Outcome, Scenario, TestOutcome,
    };

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inside, _| json!([inside]))
    }

    fn test(handle: Handle) -> Test {
        let mut scenario = Scenario::new("s", Outcome::Fail, Millis::ZERO);
        scenario.handles.push(handle);
        let mut test = Test::new("t", "", "t", TestOutcome::Failed, Millis::ZERO);
        test.scenarios.push(scenario);
        test
    }

    fn written(test: &Test) -> (Test, u64) {
        let mut out = Vec::new();
        let cuts = append_test(&mut out, test).unwrap();
        // As in a report: two levels around it.
        let report = [b"[[", out.as_slice(), b"]]"].concat();
        let [[test]] = serde_json::from_slice(&report).unwrap();
        (test, cuts)
    }

    #[test]
    fn what_is_shallow_stays_as_it_is() {
        let mut handle = Handle::new("a", Outcome::Pass);
        handle.actual = nested(100);
        let test = test(handle);
        assert_eq!(written(&test), (test, 0));
    }

    #[test]
    fn deep_values_are_cut_at_the_depth() {
        let mut handle = Handle::new("a", Outcome::Pass);
        handle.actual = json!({ "near": [1, {}], "deep": nested(126) });
        let (written, cuts) = written(&test(handle));
        assert_eq!(cuts, 1);
        let actual = &written.scenarios[0].handles[0].actual;
        assert_eq!(actual["near"], json!([1, {}]));
        assert!(actual["deep"].to_string().contains(CUT));
    }

    #[test]
    fn deep_differences_lose_their_deepest_parts() {
        let leaf = MatchFailure::new(MismatchKind::Mismatch, "a", json!(1), nested(126));
        let failure = (0..100).fold(leaf, |inside, _| {
            let mut failure =
                MatchFailure::new(MismatchKind::Composed, "all_of", json!(null), json!(null));
            failure.children.push(inside);
            failure
        });
        let mut handle = Handle::new("a", Outcome::Fail);
        handle.failures.push(failure.clone());
        handle.failure = Some(failure);
        let (_, cuts) = written(&test(handle));
        assert_eq!(cuts, 2);
    }
}
