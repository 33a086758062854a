//! `unordered [p, q, ..]`: lists whose order does not count.

use serde_json::Value;

use super::super::{Actual, Mismatch, Subject, Verdict};
use super::Pattern;
use super::collect::{Closest, Differences};

/// Patterns for the elements of a list, each of which takes an element of its own.
pub(crate) struct Unordered {
    pub(crate) parts: Vec<Pattern>,
    /// Whether the list may have other elements: `..`.
    pub(crate) open: bool,
}

impl Unordered {
    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(Value::Array(values)) = subject.value else {
            return Err(Mismatch::type_mismatch(pattern.description(), subject));
        };
        let taken = self.assign(values);
        let mut differences = Differences::default();
        let free: Vec<usize> = (0..values.len())
            .filter(|index| !taken.contains(&Some(*index)))
            .collect();
        for (part, taken) in self.parts.iter().zip(&taken) {
            if taken.is_none() {
                differences.push(missing(part, &free, values, subject));
            }
        }
        if !self.open {
            // Those that stand for a missing one are explained there.
            let missing = taken.iter().filter(|taken| taken.is_none()).count();
            for index in free.into_iter().skip(missing) {
                let value = &values[index];
                differences.push_bounded(|| Mismatch::unexpected(value).under(index));
            }
        }
        differences.verdict(|| pattern.description(), subject)
    }

    /// The element that each pattern takes: as many as possible have one, and no two the same.
    pub(crate) fn assign(&self, values: &[Value]) -> Vec<Option<usize>> {
        let fits: Vec<Vec<usize>> = self
            .parts
            .iter()
            .map(|part| {
                let fits = |index: &usize| part.verdict(Subject::present(&values[*index])).is_ok();
                (0..values.len()).filter(fits).collect()
            })
            .collect();
        let mut owner: Vec<Option<usize>> = vec![None; values.len()];
        for part in 0..self.parts.len() {
            place(part, &fits, &mut owner, &mut vec![false; values.len()]);
        }
        let mut taken = vec![None; self.parts.len()];
        for (index, owner) in owner.into_iter().enumerate() {
            if let Some(part) = owner {
                taken[part] = Some(index);
            }
        }
        taken
    }
}

/// Finds an element for a pattern; those that have one already move on if they can. Depth is bounded by
/// the number of patterns.
fn place(
    part: usize,
    fits: &[Vec<usize>],
    owner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for &index in &fits[part] {
        if std::mem::replace(&mut tried[index], true) {
            continue;
        }
        let free = match owner[index] {
            None => true,
            Some(other) => place(other, fits, owner, tried),
        };
        if free {
            owner[index] = Some(part);
            return true;
        }
    }
    false
}

/// A pattern that found no element: how the closest of those that are left differs.
fn missing(part: &Pattern, free: &[usize], values: &[Value], subject: Subject<'_>) -> Mismatch {
    let mut closest = Closest::default();
    for &index in free {
        if let Err(difference) = part.verdict(Subject::present(&values[index])) {
            closest.push(difference.under(index));
        }
    }
    let mut mismatch = closest.mismatch(part, subject);
    mismatch.actual = Actual::Text("no element of its own".to_owned());
    mismatch
}
