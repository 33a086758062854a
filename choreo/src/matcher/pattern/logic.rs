//! `p & q`, `p | q`, `!p`, `in [a, b]`.

use super::super::{Mismatch, Subject, Verdict};
use super::Pattern;
use super::collect::Differences;

/// All of them; each is looked at, so that a near miss lists all that differ.
pub(crate) fn all_of(parts: &[Pattern], subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let mut differences = Differences::default();
    for part in parts {
        if let Err(difference) = part.verdict(subject) {
            differences.push(difference);
        }
    }
    differences.verdict(|| pattern.description(), subject)
}

/// At least one of them.
pub(crate) fn any_of(parts: &[Pattern], subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    let mut differences = Vec::with_capacity(parts.len());
    for part in parts {
        match part.verdict(subject) {
            Ok(()) => return Ok(()),
            Err(difference) => differences.push(difference),
        }
    }
    Err(Mismatch::any(
        pattern.description(),
        subject.actual(),
        differences,
    ))
}

/// One of a list of values: a single difference, the list says it all.
pub(crate) fn one_of(parts: &[Pattern], subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    if parts.iter().any(|part| part.verdict(subject).is_ok()) {
        Ok(())
    } else if subject.undecodable.is_some() && pattern.needs_value() {
        Err(Mismatch::type_mismatch(pattern.description(), subject))
    } else {
        Err(Mismatch::predicate(pattern.description(), subject))
    }
}

/// Whatever the part does not match, also a missing field. What could not be decoded is no
/// match for the negation either, unless the part is about the raw payload.
pub(crate) fn not(part: &Pattern, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
    if subject.undecodable.is_some() && part.needs_value() {
        Err(Mismatch::type_mismatch(pattern.description(), subject))
    } else if part.verdict(subject).is_ok() {
        Err(Mismatch::predicate(pattern.description(), subject))
    } else {
        Ok(())
    }
}
