//! The raw clients, as a test without Choreo would use them: connected once, subscribed once.
//!
//! A client that cannot go on panics: the benchmark ends then.

use choreo::Value;
use choreo::serde_json::from_slice;

pub(crate) mod jetstream;
pub(crate) mod kafka;
pub(crate) mod memory;
pub(crate) mod nats;
pub(crate) mod rabbitmq;
pub(crate) mod redis;
pub(crate) mod streams;

/// Publishes to one topic. Clones share what the client can share.
pub(crate) trait Publisher: Clone + Send + Sync + 'static {
    /// Resolves when the transport of Choreo would, too.
    fn publish(&self, payload: Vec<u8>) -> impl Future<Output = ()> + Send;
}

/// Receives from that topic.
pub(crate) trait Subscriber: Send + 'static {
    /// The next message, decoded.
    fn next(&mut self) -> impl Future<Output = Value> + Send;
}

fn decode(payload: &[u8]) -> Value {
    from_slice(payload).expect("the answer is JSON")
}
