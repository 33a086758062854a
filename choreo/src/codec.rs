//! Between values and bytes: what a harness sends and how it reads what comes.

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use bytes::Bytes;
use choreo_runner::catch_panic_now;
use serde_json::Value;

use crate::envelope::{Body, Draft, Envelope};

/// Turns values into bytes and bytes into values.
///
/// A payload that does not decode is no error in itself: patterns over raw bytes still see it, and every
/// other pattern reports it as a near miss with the codec's reason. One that panics has not decoded it.
///
/// ```
/// use choreo::codec::{Bytes, Codec};
/// use choreo::{Draft, Envelope, Value};
///
/// /// Fields in a row: `lamp;3`.
/// struct Rows;
///
/// impl Codec for Rows {
///     fn name(&self) -> &str {
///         "rows"
///     }
///     fn encode(&self, value: &Value, _: &Draft) -> Result<Bytes, String> {
///         let fields = value.as_array().ok_or("a row is a list")?;
///         let fields: Vec<_> = fields.iter().map(|it| it.as_str().unwrap_or_default()).collect();
///         Ok(fields.join(";").into())
///     }
///     fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
///         let row = std::str::from_utf8(&envelope.payload).map_err(|error| error.to_string())?;
///         Ok(row.split(';').collect())
///     }
/// }
/// ```
pub trait Codec: Send + Sync + 'static {
    /// The codec's name, for failure texts.
    fn name(&self) -> &str;

    /// The bytes for a value. The error says why there are none.
    ///
    /// The draft says what it is sent with: topic, key and headers, the correlation id among them where the
    /// policy puts it there. So one codec may serve topics of several formats.
    fn encode(&self, value: &Value, draft: &Draft) -> Result<Bytes, String>;

    /// The value of a message, or why it has none.
    fn decode(&self, envelope: &Envelope) -> Result<Value, String>;

    /// Whether it decodes at all: where it never does, a payload without a value is nothing to report.
    #[doc(hidden)]
    fn decodes(&self) -> bool {
        true
    }
}

/// JSON, the default. Strict: `NaN`, trailing text, and nesting of 128 levels or more are refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonCodec;

impl Codec for JsonCodec {
    fn name(&self) -> &str {
        "JSON"
    }

    fn encode(&self, value: &Value, _: &Draft) -> Result<Bytes, String> {
        serde_json::to_vec(value)
            .map(Bytes::from)
            .map_err(|error| error.to_string())
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        if envelope.payload.is_empty() {
            return Err("the payload is empty".to_owned());
        }
        serde_json::from_slice(&envelope.payload)
            .map_err(|error| format!("the payload is not JSON: {error}"))
    }
}

/// UTF-8 text: a message is a JSON string, and only strings can be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextCodec;

impl Codec for TextCodec {
    fn name(&self) -> &str {
        "text"
    }

    fn encode(&self, value: &Value, _: &Draft) -> Result<Bytes, String> {
        match value {
            Value::String(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
            other => Err(format!(
                "the text codec sends strings only, this is {}",
                kind_of(other)
            )),
        }
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        std::str::from_utf8(&envelope.payload)
            .map(Value::from)
            .map_err(|error| format!("the payload is not UTF-8: {error}"))
    }
}

/// Bytes as they are: only `bytes …` payloads can be sent, and only raw patterns see what comes.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawCodec;

impl Codec for RawCodec {
    fn name(&self) -> &str {
        "raw"
    }

    fn encode(&self, value: &Value, _: &Draft) -> Result<Bytes, String> {
        Err(format!(
            "the raw codec sends bytes only, this is {}: write `bytes b\"…\"` or `bytes (expression)`",
            kind_of(value)
        ))
    }

    fn decode(&self, _: &Envelope) -> Result<Value, String> {
        Err("the raw codec does not decode: use `bytes` or `contains`".to_owned())
    }

    fn decodes(&self) -> bool {
        false
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn encode_draft(codec: &dyn Codec, draft: &Draft) -> Result<Bytes, String> {
    if draft.metadata.is_tombstone() {
        return match &draft.body {
            Body::Value(Value::Null) => Ok(Bytes::new()),
            Body::Bytes(bytes) if bytes.is_empty() => Ok(Bytes::new()),
            _ => Err("a tombstone has no value; write `null` as its payload".to_owned()),
        };
    }
    match &draft.body {
        Body::Value(value) => codec.encode(value, draft),
        Body::Bytes(bytes) => Ok(bytes.clone()),
    }
}

/// A message that came in, with its payload decoded at most once, whoever asks.
pub struct Incoming {
    /// Shared with those who keep it: the decoded payload is several times as large.
    envelope: Arc<Envelope>,
    codec: Arc<dyn Codec>,
    decoded: OnceLock<Result<Value, String>>,
}

impl Incoming {
    pub(crate) fn new(envelope: impl Into<Arc<Envelope>>, codec: Arc<dyn Codec>) -> Self {
        Self {
            envelope: envelope.into(),
            codec,
            decoded: OnceLock::new(),
        }
    }

    /// Whether the codec has tried and failed. Nothing is decoded for the answer.
    pub(crate) fn is_undecodable(&self) -> bool {
        matches!(self.decoded.get(), Some(Err(_))) && self.codec.decodes()
    }

    /// The same message without its decoded payload: for keeping.
    pub(crate) fn undecoded(&self) -> Self {
        Self::new(self.shared(), Arc::clone(&self.codec))
    }

    /// Topic, key, headers and bytes, which are the same ones for all who keep the message.
    pub(crate) fn shared(&self) -> Arc<Envelope> {
        Arc::clone(&self.envelope)
    }

    /// Whether these are the topic, key, headers and bytes of this message, and not of another like it.
    pub(crate) fn is_of(&self, envelope: &Arc<Envelope>) -> bool {
        Arc::ptr_eq(&self.envelope, envelope)
    }

    /// Topic, key, headers and bytes.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The decoded payload, or the codec's reason why there is none. A tombstone (metadata
    /// `tombstone: true`) is JSON null, whatever the codec.
    pub fn decoded(&self) -> Result<&Value, &str> {
        self.decoded
            .get_or_init(|| {
                if self.envelope.metadata.is_tombstone() {
                    return Ok(Value::Null);
                }
                // A user's codec may panic; that must not take the receive task with it.
                catch_panic_now(|| self.codec.decode(&self.envelope)).unwrap_or_else(|panic| {
                    let codec = self.codec.name();
                    Err(format!("the {codec} codec panicked: {}", panic.message))
                })
            })
            .as_ref()
            .map_err(String::as_str)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::envelope::{Headers, Metadata};

    fn draft(body: Body) -> Draft {
        Draft {
            topic: "orders".into(),
            key: None,
            headers: Headers::new(),
            reply_to: None,
            metadata: Metadata::new(),
            body,
        }
    }

    fn encode(codec: &dyn Codec, value: Value) -> Result<Bytes, String> {
        encode_draft(codec, &draft(Body::Value(value)))
    }

    #[track_caller]
    fn refuses(codec: &dyn Codec, payload: impl Into<Bytes>, reason: &str) {
        let refused = codec.decode(&Envelope::new("orders", payload));
        let refused = refused.expect_err("it is refused");
        assert!(refused.starts_with(reason), "{refused}");
    }

    #[test]
    fn json_is_read_strictly() {
        refuses(&JsonCodec, "", "the payload is empty");
        let not_json = "the payload is not JSON: ";
        for payload in ["NaN", "{} {}", "{'a': 1}", "1e400", " ", r#""\ud83d""#] {
            refuses(&JsonCodec, payload, not_json);
        }
        refuses(&JsonCodec, &b"\"\xff\""[..], not_json);
        refuses(&JsonCodec, "[".repeat(128) + &"]".repeat(128), not_json);
        let deepest = "[".repeat(127) + &"]".repeat(127);
        assert!(JsonCodec.decode(&Envelope::new("orders", deepest)).is_ok());
    }

    #[test]
    fn the_text_codec_takes_strings_and_utf_8_only() {
        refuses(&TextCodec, &b"caf\xe9"[..], "the payload is not UTF-8: ");
        let kinds = [
            (json!(null), "null"),
            (json!(true), "a bool"),
            (json!(1.5), "a number"),
            (json!(["a"]), "a list"),
            (json!({ "a": 1 }), "an object"),
        ];
        for (value, kind) in kinds {
            let refused = encode(&TextCodec, value).expect_err("it is no string");
            assert_eq!(
                refused,
                format!("the text codec sends strings only, this is {kind}")
            );
        }
    }

    #[test]
    fn the_raw_codec_takes_bytes_only() {
        refuses(&RawCodec, "{}", "the raw codec does not decode");
        let refused = encode(&RawCodec, json!("a")).expect_err("it is no bytes");
        assert!(
            refused.starts_with("the raw codec sends bytes only, this is a string: write `bytes "),
            "{refused}"
        );
        let bytes = draft(Body::Bytes(Bytes::from_static(b"\xff")));
        assert_eq!(encode_draft(&RawCodec, &bytes).as_deref(), Ok(&b"\xff"[..]));
    }

    #[test]
    fn a_tombstone_has_no_value() {
        let tombstone = |body| {
            let mut draft = draft(body);
            draft.metadata.set("tombstone", true);
            encode_draft(&JsonCodec, &draft)
        };
        assert_eq!(tombstone(Body::Value(Value::Null)), Ok(Bytes::new()));
        assert_eq!(tombstone(Body::Bytes(Bytes::new())), Ok(Bytes::new()));
        let some = [
            Body::Value(json!({})),
            Body::Bytes(Bytes::from_static(b"{}")),
        ];
        for body in some {
            let refused = tombstone(body).expect_err("it has a value");
            assert!(refused.starts_with("a tombstone has no value"), "{refused}");
        }
    }
}
