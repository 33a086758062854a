//! Entries of a stream, as the server gives them and as messages.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use redis::{Cmd, Value};
use serde_json::{Map, Value as Json};

use crate::envelope::{Envelope, Headers, Outgoing};

/// How a message is laid out in the fields of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// One field is the payload, the others are headers.
    Payload(String),
    /// All fields together are a JSON object.
    Fields,
}

/// What one stream holds under an id.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) id: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Whether a text is an id: `MILLISECONDS`, or `MILLISECONDS-NUMBER`.
pub(super) fn is_id(text: &str) -> bool {
    let (time, number) = text.split_once('-').unwrap_or((text, "0"));
    let is_number =
        |text: &str| text.parse::<u64>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(time) && is_number(number)
}

/// The entries in the answer to a read of one stream; none if there is nothing new.
pub(super) fn entries(answer: Value) -> Option<Vec<Entry>> {
    // [[key, [entry, …]]]
    let streams = match answer {
        Value::Nil => return Some(Vec::new()),
        Value::Array(streams) => streams,
        _ => return None,
    };
    let mut found = Vec::new();
    for stream in streams {
        let mut stream = array(stream)?.into_iter();
        let (_key, entries) = (stream.next()?, stream.next()?);
        for entry in array(entries)? {
            let mut entry = array(entry)?.into_iter();
            let id = String::from_utf8(bytes(entry.next()?)?).ok()?;
            // Of an entry that is pending for a group and was deleted only the id is left.
            let fields = match entry.next()? {
                Value::Nil => Vec::new(),
                fields => pairs(array(fields)?)?,
            };
            found.push(Entry { id, fields });
        }
    }
    Some(found)
}

fn pairs(flat: Vec<Value>) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut flat = flat.into_iter();
    let mut pairs = Vec::with_capacity(flat.len() / 2);
    while let Some(name) = flat.next() {
        pairs.push((bytes(name)?, bytes(flat.next()?)?));
    }
    Some(pairs)
}

fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

impl Entry {
    /// The entry as a message.
    pub(super) fn into_envelope(self, topic: &Arc<str>, form: &Form, at: Instant) -> Envelope {
        let mut headers = Headers::new();
        let payload = match form {
            Form::Payload(name) => {
                let mut payload = None;
                for (field, value) in self.fields {
                    if payload.is_none() && field == name.as_bytes() {
                        payload = Some(Bytes::from(value));
                    } else {
                        headers.append(text(field), text(value));
                    }
                }
                payload.unwrap_or_default()
            }
            Form::Fields => {
                let members = self
                    .fields
                    .into_iter()
                    .map(|(field, value)| (text(field), Json::String(text(value))));
                Json::Object(Map::from_iter(members)).to_string().into()
            }
        };
        let mut envelope = Envelope::new(Arc::clone(topic), payload);
        envelope.headers = headers;
        envelope.received_at = at;
        envelope.metadata.set("id", self.id);
        envelope
    }
}

impl Form {
    /// Adds the fields of a message to a command. The error says why they are none.
    pub(super) fn write(&self, message: &Outgoing, command: &mut Cmd) -> Result<(), String> {
        match self {
            Self::Payload(name) => {
                for (header, value) in message.headers.iter() {
                    if header == name {
                        return Err(format!(
                            "a header is called `{name}` as the field of the payload is: rename \
                             one (see `payload_field`)"
                        ));
                    }
                    command.arg(header).arg(value);
                }
                command.arg(name).arg(&message.payload[..]);
            }
            Self::Fields => {
                if !message.headers.is_empty() {
                    return Err(
                        "with `fields_as_json` entries have no headers; use a field of the payload"
                            .into(),
                    );
                }
                let Ok(Json::Object(members)) = serde_json::from_slice(&message.payload) else {
                    return Err(
                        "with `fields_as_json` the payload must be a JSON object, whose members \
                         become the fields of the entry"
                            .into(),
                    );
                };
                if members.is_empty() {
                    return Err("an entry of a stream has at least one field".into());
                }
                for (field, value) in members {
                    command.arg(field);
                    match value {
                        Json::String(text) => command.arg(text),
                        other => command.arg(other.to_string()),
                    };
                }
            }
        }
        Ok(())
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn answer(fields: &[&str]) -> Value {
        let fields = Value::Array(fields.iter().map(|field| bulk(field)).collect());
        let entry = Value::Array(vec![bulk("7-1"), fields]);
        Value::Array(vec![Value::Array(vec![
            bulk("key"),
            Value::Array(vec![entry]),
        ])])
    }

    fn envelope(fields: &[&str], form: &Form) -> Envelope {
        let mut found = entries(answer(fields)).expect("well-formed");
        found
            .remove(0)
            .into_envelope(&"key".into(), form, Instant::now())
    }

    #[test]
    fn one_field_is_the_payload_and_the_others_are_headers() {
        let form = Form::Payload("data".into());
        let message = envelope(&["a", "1", "data", "x", "a", "2", "data", "y"], &form);
        assert_eq!(message.payload, "x");
        let headers: Vec<_> = message.headers.iter().collect();
        assert_eq!(headers, [("a", "1"), ("a", "2"), ("data", "y")]);
        assert_eq!(message.metadata.get("id"), Some(&Json::from("7-1")));
        assert!(envelope(&["a", "1"], &form).payload.is_empty());
    }

    #[test]
    fn all_fields_are_an_object_of_strings() {
        let message = envelope(&["n", "3", "s", "x", "n", "4"], &Form::Fields);
        assert_eq!(message.payload, r#"{"n":"4","s":"x"}"#);
        assert!(message.headers.is_empty());
    }

    #[test]
    fn an_object_becomes_fields() {
        let mut command = redis::cmd("XADD");
        let message = Outgoing::new("key", r#"{"a":"x","b":3,"c":[null]}"#);
        Form::Fields
            .write(&message, &mut command)
            .expect("an object");
        let packed = String::from_utf8(command.get_packed_command()).expect("text");
        let parts: Vec<_> = packed
            .split("\r\n")
            .filter(|part| !part.starts_with(['$', '*']))
            .collect();
        assert_eq!(parts, ["XADD", "a", "x", "b", "3", "c", "[null]", ""]);
        for payload in ["", "[]", "{}", "7"] {
            let message = Outgoing::new("key", payload);
            assert!(
                Form::Fields.write(&message, &mut command).is_err(),
                "{payload}"
            );
        }
    }

    #[test]
    fn what_is_no_answer_is_told_from_an_empty_one() {
        assert_eq!(entries(Value::Nil), Some(Vec::new()));
        assert_eq!(entries(Value::Int(1)), None);
        assert_eq!(entries(Value::Array(vec![Value::Int(1)])), None);
    }

    #[test]
    fn ids_are_one_or_two_numbers() {
        for (text, expected) in [
            ("0", true),
            ("1526919030474-55", true),
            ("", false),
            ("$", false),
            (">", false),
            ("1-2-3", false),
            ("+1", false),
            ("1-", false),
            ("99999999999999999999", false),
        ] {
            assert_eq!(is_id(text), expected, "{text}");
        }
    }
}
