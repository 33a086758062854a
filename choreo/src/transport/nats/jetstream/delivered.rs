//! A message from a consumer, taken apart: what the server says about it stands in its reply subject.

use std::sync::Arc;
use std::time::Instant;

use async_nats::Message;

use super::super::headers::incoming_headers;
use crate::envelope::{Envelope, Metadata};

/// The names of the metadata.
pub(super) const READABLE: &[&str] = &[
    "stream",
    "stream_sequence",
    "consumer_sequence",
    "timestamp",
];

/// What the server says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivered<'a> {
    pub(super) stream: &'a str,
    pub(super) stream_sequence: u64,
    /// Counts the messages of this consumer, from 1.
    pub(super) consumer_sequence: u64,
    /// Nanoseconds since 1970.
    timestamp: u64,
}

impl<'a> Delivered<'a> {
    /// `$JS.ACK.STREAM.CONSUMER.DELIVERED.STREAM_SEQ.CONSUMER_SEQ.TIME.PENDING`; newer servers put a domain
    /// and an account before the stream, and more at the end.
    pub(super) fn read(reply: &'a str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        let count = rest.split('.').count();
        let mut parts = rest.split('.').skip(if count >= 9 { 2 } else { 0 });
        let stream = parts.next()?;
        let mut numbers = parts.skip(2).map(|part| part.parse().ok());
        Some(Self {
            stream,
            stream_sequence: numbers.next()??,
            consumer_sequence: numbers.next()??,
            timestamp: numbers.next()??,
        })
    }

    fn metadata(self) -> Metadata {
        let mut metadata = Metadata::new();
        metadata.set("stream", self.stream);
        metadata.set("stream_sequence", self.stream_sequence);
        metadata.set("consumer_sequence", self.consumer_sequence);
        // As on the other transports, in milliseconds.
        metadata.set("timestamp", self.timestamp / 1_000_000);
        metadata
    }
}

/// The message as the framework sees it. The reply subject is the consumer's, not a requester's.
pub(super) fn envelope(
    message: &Message,
    delivered: Delivered<'_>,
    pattern: &Arc<str>,
    received_at: Instant,
) -> Envelope {
    let subject = message.subject.as_str();
    Envelope {
        topic: if subject == &**pattern {
            Arc::clone(pattern)
        } else {
            subject.into()
        },
        key: None,
        headers: message
            .headers
            .as_ref()
            .map(incoming_headers)
            .unwrap_or_default(),
        payload: message.payload.clone(),
        received_at,
        reply_to: None,
        metadata: delivered.metadata(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_reply_subject_are_read() {
        let expected = Some(Delivered {
            stream: "ORDERS",
            stream_sequence: 20,
            consumer_sequence: 3,
            timestamp: 1_700_000_000_123_456_789,
        });
        for reply in [
            "$JS.ACK.ORDERS.me.1.20.3.1700000000123456789.7",
            "$JS.ACK._.ACCOUNT.ORDERS.me.1.20.3.1700000000123456789.7",
            "$JS.ACK.hub.ACCOUNT.ORDERS.me.1.20.3.1700000000123456789.7.random",
        ] {
            assert_eq!(Delivered::read(reply), expected, "{reply}");
        }
        for reply in ["", "_INBOX.a", "$JS.ACK.", "$JS.ACK.a.b.1.x.3.4.5"] {
            assert_eq!(Delivered::read(reply), None, "{reply}");
        }
    }
}
