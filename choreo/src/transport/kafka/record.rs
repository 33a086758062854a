//! Messages between Choreo's types and the client's.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use serde_json::Value;

use crate::envelope::{Envelope, Headers, Metadata, Outgoing};

/// What a publisher may set.
pub(super) const SETTABLE: &[&str] = &["partition", "timestamp", "tombstone"];
/// What a subscriber finds.
pub(super) const READABLE: &[&str] = &["partition", "offset", "timestamp", "tombstone"];

/// The record for a message; the error says what of it Kafka cannot take.
pub(super) fn outgoing(message: &Outgoing) -> Result<FutureRecord<'_, [u8], [u8]>, String> {
    let mut record = FutureRecord::to(&message.topic);
    if let Some(key) = &message.key {
        record = record.key(&**key);
    }
    if !message.headers.is_empty() {
        record = record.headers(outgoing_headers(&message.headers)?);
    }
    let mut tombstone = false;
    for (name, value) in message.metadata.iter() {
        match name {
            "partition" => {
                let partition = value.as_i64().and_then(|n| i32::try_from(n).ok());
                let partition = partition
                    .filter(|n| *n >= 0)
                    .ok_or_else(|| misfit(name, value, "the number of a partition"))?;
                record = record.partition(partition);
            }
            "timestamp" => {
                let timestamp = value
                    .as_i64()
                    .filter(|n| *n >= 0)
                    .ok_or_else(|| misfit(name, value, "in milliseconds since 1970"))?;
                record = record.timestamp(timestamp);
            }
            "tombstone" => {
                tombstone = value
                    .as_bool()
                    .ok_or_else(|| misfit(name, value, "`true` or `false`"))?;
            }
            other => {
                return Err(format!(
                    "messages of Kafka have no metadata `{other}` that can be set: {} can",
                    SETTABLE.join(", ")
                ));
            }
        }
    }
    // An empty payload is a payload; only a tombstone has none.
    Ok(if tombstone {
        record
    } else {
        record.payload(&*message.payload)
    })
}

fn misfit(name: &str, value: &Value, expected: &str) -> String {
    format!("metadata `{name}` has to be {expected}, not {value}")
}

fn outgoing_headers(headers: &Headers) -> Result<OwnedHeaders, String> {
    let mut owned = OwnedHeaders::new_with_capacity(headers.len());
    for (name, value) in headers.iter() {
        // The client panics on it.
        if name.contains('\0') {
            return Err(format!("{name:?} is no name of a header: it has a NUL"));
        }
        owned = owned.insert(Header {
            key: name,
            value: Some(value),
        });
    }
    Ok(owned)
}

/// The envelope of a message. `topic` is its topic, shared by all messages of it.
pub(super) fn incoming(
    message: &BorrowedMessage<'_>,
    topic: Arc<str>,
    received_at: Instant,
) -> Envelope {
    let mut metadata = Metadata::new();
    metadata.set("partition", message.partition());
    metadata.set("offset", message.offset());
    if let Some(timestamp) = message.timestamp().to_millis() {
        metadata.set("timestamp", timestamp);
    }
    let payload = message.payload();
    metadata.set("tombstone", payload.is_none());
    Envelope {
        topic,
        key: message.key().map(Bytes::copy_from_slice),
        headers: incoming_headers(message),
        payload: payload.map(Bytes::copy_from_slice).unwrap_or_default(),
        received_at,
        reply_to: None,
        metadata,
    }
}

/// Values are bytes on the wire and text here: what is no UTF-8 shows as `�`, a missing value as empty.
fn incoming_headers(message: &BorrowedMessage<'_>) -> Headers {
    let mut headers = Headers::new();
    for header in message.headers().into_iter().flat_map(|all| all.iter()) {
        let value = header.value.unwrap_or_default();
        headers.append(header.key, String::from_utf8_lossy(value));
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(name: &'static str, value: Value) -> Outgoing {
        let mut message = Outgoing::new("t", "payload");
        message.metadata.set(name, value);
        message
    }

    #[test]
    fn metadata_that_makes_no_sense_is_named() {
        for (name, value) in [
            ("partition", json!(-1)),
            ("partition", json!("one")),
            ("partition", json!(i64::MAX)),
            ("timestamp", json!(-5)),
            ("timestamp", json!(1.5)),
            ("tombstone", json!(1)),
            ("offset", json!(1)),
        ] {
            let message = with(name, value);
            let error = outgoing(&message).expect_err(name);
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn only_a_tombstone_has_no_payload() {
        let empty = Outgoing::new("t", "");
        assert_eq!(outgoing(&empty).expect("a record").payload, Some(&b""[..]));
        let tombstone = with("tombstone", json!(true));
        assert!(outgoing(&tombstone).expect("a record").payload.is_none());
    }
}
