//! A message on its way in or out: topic, key, headers, payload, and what the transport knows about it.
//!
//! Knows nothing of codecs, scenarios or brokers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;

use crate::clock;

/// Ordered header list; names compare without regard to ASCII case, and a name may repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header after those that are there, also when the name is there already.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Sets a header: every earlier value of that name goes.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.0
            .retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.0.push((name, value.into()));
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The name by which a message says that it is a key without a value.
const TOMBSTONE: &str = "tombstone";

/// What a transport knows of a message besides key and headers, by name: Kafka's partition, AMQP's
/// priority. Ordered; a name stands once.
///
/// Which names a transport reads and sets is part of its documentation and of its
/// [`Capabilities`](crate::transport::Capabilities).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata(Vec<(Cow<'static, str>, Value)>);

impl Metadata {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets an entry; an earlier one of the same name goes.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let name = name.into();
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, value.into()));
    }

    /// An entry, with its name as it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// Whether the message is a key without a value: `tombstone: true`.
    pub fn is_tombstone(&self) -> bool {
        self.get(TOMBSTONE) == Some(&Value::Bool(true))
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A message as it came in, with the instant at which the transport's receive task had it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The concrete topic, also when the subscription has wildcards.
    pub topic: Arc<str>,
    /// The record key, where the transport has one.
    pub key: Option<Bytes>,
    /// Headers, empty where the transport has none.
    pub headers: Headers,
    /// The bytes as they came.
    pub payload: Bytes,
    /// When the transport's receive task took the message off the wire: the end of every latency.
    pub received_at: Instant,
    /// Where an answer is to go, when the sender waits for one: a topic of the same transport.
    pub reply_to: Option<Arc<str>>,
    /// What the transport knows besides: partition and offset, stream sequence, delivery tag.
    pub metadata: Metadata,
}

impl Envelope {
    /// A message without key, headers and metadata, received now by tokio's clock, as all deadlines are.
    pub fn new(topic: impl Into<Arc<str>>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            key: None,
            headers: Headers::new(),
            payload: payload.into(),
            received_at: clock::now(),
            reply_to: None,
            metadata: Metadata::new(),
        }
    }
}

/// What a test wants to send: a value for the codec, or bytes as they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Goes through the harness's codec; a correlation policy may stamp it.
    Value(Value),
    /// Goes out unchanged and unstamped.
    Bytes(Bytes),
}

/// A message on its way out, before the codec.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Where it goes.
    pub topic: Arc<str>,
    /// The record key, where the transport has one.
    pub key: Option<Bytes>,
    /// Headers, where the transport has them.
    pub headers: Headers,
    /// Where an answer is to go, where the transport has requests.
    pub reply_to: Option<Arc<str>>,
    /// What the transport is to set besides, by the names of its documentation.
    pub metadata: Metadata,
    /// The payload.
    pub body: Body,
}

/// A message on its way out, encoded: what a transport publishes.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where it goes.
    pub topic: Arc<str>,
    /// The record key, where the transport has one.
    pub key: Option<Bytes>,
    /// Headers, where the transport has them.
    pub headers: Headers,
    /// Where an answer is to go, where the transport has requests.
    pub reply_to: Option<Arc<str>>,
    /// What the transport is to set besides; only names of its
    /// [`Capabilities::settable`](crate::transport::Capabilities::settable) get here.
    pub metadata: Metadata,
    /// The bytes for the wire.
    pub payload: Bytes,
}

impl Outgoing {
    /// A message without key, headers and metadata.
    pub fn new(topic: impl Into<Arc<str>>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            key: None,
            headers: Headers::new(),
            reply_to: None,
            metadata: Metadata::new(),
            payload: payload.into(),
        }
    }
}
