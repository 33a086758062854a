//! `_` and `absent`.

use super::super::{Mismatch, MismatchKind, Subject, Verdict};

/// Any value, also null.
pub(crate) fn present(subject: Subject<'_>) -> Verdict {
    match subject.value {
        Some(_) => Ok(()),
        None => Err(Mismatch::predicate("_", subject)),
    }
}

/// No value, not even null.
pub(crate) fn absent(subject: Subject<'_>) -> Verdict {
    match subject.value {
        Some(_) => Err(Mismatch::new(MismatchKind::Unexpected, "absent", subject)),
        None => Ok(()),
    }
}
