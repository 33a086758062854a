//! `[p, q]`, `[p, ..]`, `[.., p, .., q]`: lists, where `..` stands for any number of elements.

use serde_json::Value;

use super::super::{Actual, Mismatch, Subject, Verdict};
use super::collect::{Closest, Differences};
use super::{ListItem, Pattern};

/// Without `..` each element has its pattern. With it, what stands before the first `..` is
/// compared from the front, what stands after the last one from the back, and each run between
/// two takes the first place where it fits.
pub(crate) fn check(items: &[ListItem], subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let Some(Value::Array(values)) = subject.value else {
        return Err(Mismatch::type_mismatch(pattern.description(), subject));
    };
    let runs: Vec<&[ListItem]> = items.split(|item| matches!(item, ListItem::Rest)).collect();
    let mut differences = Differences::default();
    match runs.as_slice() {
        [] => {}
        [only] => {
            compare(only, 0, values, &mut |difference| {
                differences.push(difference)
            });
            for (index, value) in values.iter().enumerate().skip(only.len()) {
                differences.push_bounded(|| Mismatch::unexpected(value).under(index));
            }
        }
        [first, between @ .., last] => {
            // Never before the end of `first`: an element cannot stand for two patterns.
            let tail = values.len().saturating_sub(last.len()).max(first.len());
            compare(first, 0, values, &mut |difference| {
                differences.push(difference)
            });
            let mut from = first.len();
            for run in between.iter().filter(|run| !run.is_empty()) {
                match place(run, from, tail, values, pattern, subject) {
                    Ok(start) => from = start + run.len(),
                    Err(difference) => {
                        differences.push(difference);
                        // Where the next run would have to begin is unknown.
                        break;
                    }
                }
            }
            compare(last, tail, values, &mut |difference| {
                differences.push(difference)
            });
        }
    }
    differences.verdict(|| pattern.description(), subject)
}

/// Which element of an accepted list each item stands for.
pub(crate) fn places<'i>(
    items: &'i [ListItem],
    values: &[Value],
    pattern: &Pattern,
) -> Vec<(usize, &'i ListItem)> {
    let runs: Vec<&[ListItem]> = items.split(|item| matches!(item, ListItem::Rest)).collect();
    let Some(((last, others), from_back)) = runs.split_last().zip(runs.len().checked_sub(1)) else {
        return Vec::new();
    };
    let mut found = Vec::with_capacity(items.len());
    let tail = values.len().saturating_sub(last.len());
    let mut from = 0;
    for (position, run) in others.iter().enumerate() {
        let start = match position {
            0 => 0,
            _ if run.is_empty() => continue,
            _ => match place(run, from, tail, values, pattern, Subject::absent()) {
                Ok(start) => start,
                Err(_) => continue,
            },
        };
        found.extend((start..).zip(*run));
        from = start + run.len();
    }
    let start = if from_back == 0 { 0 } else { tail };
    found.extend((start..).zip(*last));
    found
}

/// Compares a run of patterns with the elements from `start` on; what is beyond the end is
/// missing.
fn compare(run: &[ListItem], start: usize, values: &[Value], report: &mut dyn FnMut(Mismatch)) {
    for (index, item) in (start..).zip(run) {
        let ListItem::One(item) = item else { continue };
        let verdict = match values.get(index) {
            Some(value) => item.verdict(Subject::present(value)),
            // Also for a pattern such as `!p` that accepts a missing field: it has a place here.
            None => Err(Mismatch::predicate(item.description(), Subject::absent())),
        };
        if let Err(difference) = verdict {
            report(difference.under(index));
        }
    }
}

/// The first place in `from..until` where the whole run fits.
fn place(
    run: &[ListItem],
    from: usize,
    until: usize,
    values: &[Value],
    pattern: &Pattern,
    subject: Subject<'_>,
) -> Result<usize, Mismatch> {
    let mut closest = Closest::default();
    let until = until.min(values.len());
    for start in from..(until + 1).saturating_sub(run.len()) {
        let mut differences = Vec::new();
        compare(run, start, values, &mut |difference| {
            differences.push(difference)
        });
        match (differences.pop(), run.len()) {
            (None, _) => return Ok(start),
            (Some(difference), 1) => closest.push(difference),
            (Some(last), _) => {
                differences.push(last);
                let actual = Actual::Text(format!("the elements from [{start}] on"));
                closest.push(Mismatch::all(pattern.description(), actual, differences));
            }
        }
    }
    Err(closest.mismatch(pattern, subject))
}
