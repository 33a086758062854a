//! `every p`, `any p`, `len p`.

use serde_json::Value;

use super::super::{Actual, Mismatch, MismatchKind, Subject, Verdict};
use super::Pattern;
use super::collect::{Closest, Differences, count};

/// A list each of whose elements matches; an empty one does.
pub(crate) fn every(element: &Pattern, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let mut differences = Differences::default();
    for (index, value) in elements(subject, pattern)?.iter().enumerate() {
        if let Err(difference) = element.verdict(Subject::present(value)) {
            differences.push_bounded(|| difference.under(index));
        }
    }
    differences.verdict(|| pattern.description(), subject)
}

/// A list with an element that matches; an empty one has none.
pub(crate) fn any(element: &Pattern, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let mut closest = Closest::default();
    for (index, value) in elements(subject, pattern)?.iter().enumerate() {
        match element.verdict(Subject::present(value)) {
            Ok(()) => return Ok(()),
            Err(difference) => closest.push(difference.under(index)),
        }
    }
    Err(closest.mismatch(pattern, subject))
}

/// A list whose number of elements matches.
pub(crate) fn len(length: &Pattern, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let len = elements(subject, pattern)?.len();
    length
        .verdict(Subject::present(&Value::from(len)))
        .map_err(|inner| {
            let kind = match inner.kind {
                // Such as `len "3"`: no number would do.
                MismatchKind::TypeMismatch => MismatchKind::TypeMismatch,
                _ => MismatchKind::Predicate,
            };
            let mut mismatch = Mismatch::new(kind, pattern.description(), subject);
            mismatch.actual = Actual::Text(format!("a list of {}", count(len, "element")));
            mismatch
        })
}

fn elements<'a>(subject: Subject<'a>, pattern: &Pattern) -> Result<&'a [Value], Mismatch> {
    match subject.value {
        Some(Value::Array(values)) => Ok(values),
        _ => Err(Mismatch::type_mismatch(pattern.description(), subject)),
    }
}
