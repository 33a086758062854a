//! Conditions on what is around a payload: headers, key and metadata.
//!
//! Knows nothing of codecs: payloads have patterns of their own.

use serde_json::{Map, Value};

use super::pattern::Pattern;
use super::{Actual, Matcher, Mismatch, Part, Subject, Verdict};
use crate::envelope::{Envelope, Headers, Metadata};

/// How much of a key is shown, in characters.
const KEY_CHARS: usize = 200;
/// Headers that are listed where none but the named ones may be.
const UNEXPECTED_LISTED: usize = 20;

/// What an expectation asks of a message besides its payload.
#[derive(Debug, Default)]
pub(crate) struct EnvelopePattern {
    pub(crate) headers: Option<Pattern>,
    pub(crate) key: Option<Pattern>,
    pub(crate) metadata: Option<Pattern>,
}

impl EnvelopePattern {
    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.headers.is_none() && self.key.is_none() && self.metadata.is_none()
    }

    /// The names of metadata that are asked for.
    pub(crate) fn metadata_names(&self) -> impl Iterator<Item = &str> {
        self.metadata
            .iter()
            .filter_map(Pattern::as_object)
            .flat_map(|object| object.fields().iter().map(|(name, _)| name.as_str()))
    }

    /// What is asked, to stand after the description of a payload.
    pub(crate) fn describe(&self) -> String {
        let parts = [
            (Part::Headers, &self.headers),
            (Part::Key, &self.key),
            (Part::Metadata, &self.metadata),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter_map(|(part, pattern)| {
                let pattern = pattern.as_ref()?;
                Some(format!("{} {}", part.name(), Matcher::describe(pattern)))
            })
            .collect();
        parts.join(", ")
    }

    /// Looks at every part, so that a near miss lists all that differ.
    pub(crate) fn differences(&self, envelope: &Envelope) -> Vec<Mismatch> {
        let mut found = Vec::new();
        if let Some(pattern) = &self.headers {
            check_headers(pattern, &envelope.headers, &mut found);
        }
        if let Some(pattern) = &self.key
            && let Err(difference) = check_key(pattern, envelope.key.as_deref())
        {
            found.push(difference.under(Part::Key));
        }
        if let Some(pattern) = &self.metadata
            && let Err(difference) = check_metadata(pattern, &envelope.metadata)
        {
            found.push(difference.under(Part::Metadata));
        }
        found
    }
}

/// One mismatch of what differs in a payload and around it.
pub(crate) fn joined(
    payload: Option<Mismatch>,
    around: Vec<Mismatch>,
    expected: impl Into<String>,
) -> Mismatch {
    let mut all = match payload {
        None => Vec::new(),
        Some(payload)
            if !payload.children.is_empty() && !payload.alternatives && payload.path.is_root() =>
        {
            payload.children
        }
        Some(payload) => vec![payload],
    };
    all.extend(around);
    let actual = Actual::Text("another message".to_owned());
    Mismatch::all(expected, actual, all)
}

/// Names compare without regard to case, and a name that repeats is right when one of its values is.
fn check_headers(pattern: &Pattern, headers: &Headers, found: &mut Vec<Mismatch>) {
    let Some(object) = pattern.as_object() else {
        if let Err(difference) = Matcher::check(pattern, Subject::absent()) {
            found.push(difference.under(Part::Headers));
        }
        return;
    };
    for (name, wanted) in object.fields() {
        let values: Vec<Value> = headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| Value::from(value))
            .collect();
        if let Err(difference) = check_values(wanted, values) {
            found.push(difference.under(name.as_str()).under(Part::Headers));
        }
    }
    if object.is_exact() {
        let known = |name: &str| {
            let mut fields = object.fields().iter();
            fields.any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let others = headers.iter().filter(|(name, _)| !known(name));
        for (name, value) in others.take(UNEXPECTED_LISTED) {
            let difference = Mismatch::unexpected(&Value::from(value));
            found.push(difference.under(name).under(Part::Headers));
        }
    }
}

fn check_values(wanted: &Pattern, values: Vec<Value>) -> Verdict {
    let mut differences = Vec::new();
    for value in &values {
        match Matcher::check(wanted, Subject::present(value)) {
            Ok(()) => return Ok(()),
            Err(difference) => differences.push(difference),
        }
    }
    if values.is_empty() {
        return Matcher::check(wanted, Subject::absent());
    }
    if values.len() == 1
        && let Some(only) = differences.pop()
    {
        return Err(only);
    }
    let actual = Actual::Value(Value::Array(values));
    Err(Mismatch::any(
        Matcher::describe(wanted),
        actual,
        differences,
    ))
}

/// A key is looked at as text; one that is no UTF-8 has bytes only.
fn check_key(pattern: &Pattern, key: Option<&[u8]>) -> Verdict {
    let Some(key) = key else {
        return Matcher::check(pattern, Subject::absent());
    };
    match std::str::from_utf8(key) {
        Ok(text) => {
            let value = Value::from(text);
            Matcher::check(pattern, Subject::message(Ok(&value), key))
        }
        Err(_) => Matcher::check(pattern, Subject::message(Err("it is not UTF-8"), key)).map_err(
            |difference| {
                let actual = Actual::Text(format!(
                    "a key that is not UTF-8: {}",
                    super::diff::render_actual(
                        &Actual::Bytes(bytes::Bytes::copy_from_slice(key)),
                        KEY_CHARS
                    )
                ));
                Mismatch {
                    actual,
                    children: Vec::new(),
                    ..difference
                }
            },
        ),
    }
}

fn check_metadata(pattern: &Pattern, metadata: &Metadata) -> Verdict {
    let value: Map<String, Value> = metadata
        .iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    Matcher::check(pattern, Subject::present(&Value::Object(value)))
}
