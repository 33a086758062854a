//! Conditions on what is around a payload: headers, key and metadata.
//!
//! Knows nothing of codecs: payloads have patterns of their own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::pattern::{Pattern, Shaper};
use super::{Actual, Matcher, Mismatch, Part, Subject, Verdict};
use crate::envelope::{Envelope, Headers, Metadata};

/// The metadata that says which part of a topic a message came from, where brokers cut topics up.
const PARTITION: &str = "partition";
/// How much of a key is shown, in characters.
const KEY_CHARS: usize = 200;
/// Headers that are listed where none but the named ones may be.
const UNEXPECTED_LISTED: usize = 20;

/// What an expectation asks of a message besides its payload.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnvelopePattern {
    pub(crate) headers: Option<Pattern>,
    pub(crate) key: Option<Pattern>,
    pub(crate) metadata: Option<Pattern>,
}

impl EnvelopePattern {
    /// Whether all messages of both have the same key, or come from the same partition.
    pub(crate) fn keeps_together_with(&self, other: &Self) -> bool {
        let same = |one: Option<&Pattern>, other: Option<&Pattern>| {
            one.zip(other)
                .is_some_and(|(one, other)| one.is_same_value(other))
        };
        same(self.key.as_ref(), other.key.as_ref()) || same(self.partition(), other.partition())
    }

    fn partition(&self) -> Option<&Pattern> {
        let mut fields = self.metadata.as_ref()?.as_object()?.fields().iter();
        fields.find_map(|(name, wanted)| (name == PARTITION).then_some(wanted))
    }

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

    /// What is asked as data, beside the shape of a payload.
    pub(crate) fn shape(&self, payload: Value, shaper: &mut Shaper) -> Value {
        let parts = [
            (Part::Headers, &self.headers),
            (Part::Key, &self.key),
            (Part::Metadata, &self.metadata),
        ];
        let around = parts.into_iter().filter_map(|(part, pattern)| {
            let shape = shaper.pattern(pattern.as_ref()?);
            Some((part.name().to_owned(), shape))
        });
        let mut all = Map::from_iter([("payload".to_owned(), payload)]);
        all.extend(around);
        Value::Object(all)
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

/// A key is looked at as text, with U+FFFD where it is no UTF-8, and as bytes.
fn check_key(pattern: &Pattern, key: Option<&[u8]>) -> Verdict {
    let Some(key) = key else {
        return Matcher::check(pattern, Subject::absent());
    };
    let text = String::from_utf8_lossy(key);
    let is_text = matches!(text, Cow::Borrowed(_));
    let value = Value::from(text);
    let verdict = Matcher::check(pattern, Subject::message(Ok(&value), key));
    if is_text {
        return verdict;
    }
    verdict.map_err(|difference| {
        let bytes = Actual::Bytes(bytes::Bytes::copy_from_slice(key));
        let shown = super::diff::render_actual(&bytes, KEY_CHARS);
        Mismatch {
            actual: Actual::Text(format!("a key that is not UTF-8: {shown}")),
            children: Vec::new(),
            ..difference
        }
    })
}

fn check_metadata(pattern: &Pattern, metadata: &Metadata) -> Verdict {
    let value: Map<String, Value> = metadata
        .iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    Matcher::check(pattern, Subject::present(&Value::Object(value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::functions::{
        absent, any_of, bytes, eq, exact_object, gt, matcher, ne, object, present,
    };
    use super::*;

    fn message() -> Envelope {
        let mut message = Envelope::new("orders", "{}");
        message.headers.append("X-Source", "test");
        message.headers.append("tag", "a");
        message.headers.append("Tag", "b");
        message.key = Some("ORD-42".into());
        message.metadata.set("partition", 3);
        message
    }

    fn paths(pattern: &EnvelopePattern, message: &Envelope) -> Vec<String> {
        pattern
            .differences(message)
            .iter()
            .map(|difference| difference.path.to_string())
            .collect()
    }

    fn headers(pattern: Pattern) -> EnvelopePattern {
        EnvelopePattern {
            headers: Some(pattern),
            ..EnvelopePattern::default()
        }
    }

    fn key(pattern: Pattern) -> EnvelopePattern {
        EnvelopePattern {
            key: Some(pattern),
            ..EnvelopePattern::default()
        }
    }

    #[test]
    fn every_part_that_differs_is_listed() {
        let pattern = EnvelopePattern {
            headers: Some(object([
                ("x-source", eq("live")),
                ("x-trace", present()),
                ("tag", eq("b")),
            ])),
            key: Some(eq("ORD-41")),
            metadata: Some(object([
                ("partition", gt(3)),
                ("offset", present()),
                ("x", absent()),
            ])),
        };
        assert_eq!(
            paths(&pattern, &message()),
            ["headers.x-source", "headers.x-trace", "key", "metadata"]
        );
        let mismatch = joined(None, pattern.differences(&message()), "this");
        let leaves: Vec<_> = super::super::diff::leaves(&mismatch)
            .map(|leaf| leaf.path.to_string())
            .collect();
        assert_eq!(
            leaves[3..],
            ["metadata.partition", "metadata.offset"],
            "the parts of an object are differences of their own"
        );
        assert_eq!(
            pattern.describe(),
            r#"headers { "x-source": "live", "x-trace": _, tag: "b", .. }, key "ORD-41", metadata { partition: > 3, offset: _, x: absent, .. }"#
        );
    }

    #[test]
    fn one_value_of_a_header_that_repeats_is_enough() {
        for (wanted, matches) in [
            (eq("a"), true),
            (eq("b"), true),
            (ne("a"), true),
            (eq("c"), false),
            (any_of(vec![eq("c"), eq("b")]), true),
            (absent(), false),
        ] {
            let described = Matcher::describe(&wanted);
            let found = headers(object([("TAG", wanted)])).differences(&message());
            assert_eq!(found.is_empty(), matches, "{described}");
        }
        let found = headers(object([("tag", eq("c"))])).differences(&message());
        assert_eq!(found[0].actual, Actual::Value(json!(["a", "b"])));
        assert_eq!(found[0].expected, r#""c""#);
    }

    #[test]
    fn a_closed_object_lists_other_headers_up_to_a_limit() {
        let closed = headers(exact_object([("x-source", present())]));
        assert_eq!(paths(&closed, &message()), ["headers.tag", "headers.Tag"]);
        let mut many = message();
        for number in 0..100 {
            many.headers.append(format!("n-{number}"), "1");
        }
        assert_eq!(paths(&closed, &many).len(), UNEXPECTED_LISTED);
    }

    #[test]
    fn keys_are_text_or_bytes_or_absent() {
        let mut binary = message();
        binary.key = Some((&b"\xff\x00"[..]).into());
        let mut none = message();
        none.key = None;
        for (wanted, [text, raw, nothing]) in [
            (eq("ORD-42"), [true, false, false]),
            (bytes(&b"ORD-42"[..]), [true, false, false]),
            (bytes(&b"\xff\x00"[..]), [false, true, false]),
            (present(), [true, true, false]),
            (ne("ORD-42"), [false, true, false]),
            (absent(), [false, false, true]),
        ] {
            let described = Matcher::describe(&wanted);
            let pattern = key(wanted);
            let fits = |message: &Envelope| pattern.differences(message).is_empty();
            assert_eq!(
                [fits(&message()), fits(&binary), fits(&none)],
                [text, raw, nothing],
                "{described}"
            );
        }
        let found = key(eq("k")).differences(&binary);
        let shown = Actual::Text(r#"a key that is not UTF-8: b"\xff\x00""#.to_owned());
        assert_eq!(found[0].actual, shown);
    }

    #[test]
    fn what_makes_no_sense_matches_nothing() {
        let broken = headers(Pattern::broken("a pattern that is none"));
        assert_eq!(paths(&broken, &Envelope::new("t", "")), ["headers"]);
        assert_eq!(broken.metadata_names().count(), 0);
        let own = headers(object([("tag", matcher(eq("b")))]));
        assert!(own.differences(&message()).is_empty());
    }
}
