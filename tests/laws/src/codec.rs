//! Codecs: no bytes and no value make one panic, what is encoded is decoded to the same value, and what is refused is
//! refused with a reason.

use choreo::codec::{Codec, JsonCodec, RawCodec, TextCodec};
use choreo::{Body, Draft, Envelope, Headers, Metadata};
use serde_json::Value;

use crate::bytes::Choices;
use crate::pattern::value;

const DEPTH: usize = 4;

/// The JSON codec reads fewer levels than this.
const TOO_DEEP: usize = 128;

pub(crate) fn check(input: &[u8]) {
    of_bytes(input);
    let mut choices = Choices::new(input);
    let levels = choices.below(TOO_DEEP + 8);
    let value = value(&mut choices, DEPTH);
    of_value(&(0..levels).fold(value, |value, _| Value::from(vec![value])));
}

fn of_bytes(input: &[u8]) {
    match decode(&JsonCodec, input) {
        Ok(value) => {
            let again = encode(&JsonCodec, &value).expect("a decoded value can be sent");
            assert_eq!(decode(&JsonCodec, &again), Ok(value));
            let trailing = [input, b"!"].concat();
            assert!(decode(&JsonCodec, &trailing).is_err(), "{trailing:?}");
        }
        Err(reason) => assert!(reason.starts_with("the payload is "), "{reason}"),
    }
    match decode(&TextCodec, input) {
        Ok(value) => {
            assert_eq!(value.as_str().map(str::as_bytes), Some(input));
            assert_eq!(encode(&TextCodec, &value).as_deref(), Ok(input));
        }
        Err(reason) => {
            assert!(std::str::from_utf8(input).is_err(), "{reason}");
            assert!(reason.starts_with("the payload is not UTF-8"), "{reason}");
        }
    }
    assert!(decode(&RawCodec, input).is_err());
}

fn of_value(value: &Value) {
    let bytes = encode(&JsonCodec, value).expect("every value is JSON");
    match decode(&JsonCodec, &bytes) {
        Ok(decoded) => {
            assert_eq!(decoded, *value);
            assert!(levels(value) < TOO_DEEP, "{value}");
        }
        Err(reason) => assert!(levels(value) >= TOO_DEEP, "{reason}: {value}"),
    }
    match encode(&TextCodec, value) {
        Ok(bytes) => assert_eq!(decode(&TextCodec, &bytes).as_ref(), Ok(value)),
        Err(reason) => assert!(!value.is_string(), "{reason}: {value}"),
    }
    assert!(encode(&RawCodec, value).is_err());
}

fn levels(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(levels).max(),
        Value::Object(fields) => fields.values().map(levels).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}

fn decode(codec: &dyn Codec, payload: &[u8]) -> Result<Value, String> {
    codec.decode(&Envelope::new("orders", payload.to_vec()))
}

fn encode(codec: &dyn Codec, value: &Value) -> Result<Vec<u8>, String> {
    let draft = Draft {
        topic: "orders".into(),
        key: None,
        headers: Headers::new(),
        reply_to: None,
        metadata: Metadata::new(),
        body: Body::Value(value.clone()),
    };
    codec.encode(value, &draft).map(Vec::from)
}
