//! `{ k: p, .. }` and `{ k: p; exact }`.

use std::collections::HashSet;

use serde_json::Value;

use super::super::{Mismatch, Subject, Verdict};
use super::Pattern;
use super::collect::Differences;

/// Conditions on the fields of an object.
pub(crate) struct Object {
    fields: Vec<(String, Pattern)>,
    /// Whether other fields are refused.
    exact: bool,
}

impl Object {
    pub(crate) fn new(fields: Vec<(String, Pattern)>, exact: bool) -> Self {
        Self { fields, exact }
    }

    pub(crate) fn fields(&self) -> &[(String, Pattern)] {
        &self.fields
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// Looks at every field, so that a near miss lists all that differ.
    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(Value::Object(object)) = subject.value else {
            return Err(Mismatch::type_mismatch(pattern.description(), subject));
        };
        let mut differences = Differences::default();
        for (key, field) in &self.fields {
            let value = object.get(key).map_or(Subject::absent(), Subject::present);
            if let Err(difference) = field.verdict(value) {
                differences.push(difference.under(key.as_str()));
            }
        }
        if self.exact {
            let known: HashSet<&str> = self.fields.iter().map(|(key, _)| key.as_str()).collect();
            for (key, value) in object
                .iter()
                .filter(|(key, _)| !known.contains(key.as_str()))
            {
                differences.push_bounded(|| Mismatch::unexpected(value).under(key.as_str()));
            }
        }
        differences.verdict(|| pattern.description(), subject)
    }
}
