//! The messages that a scenario saw and sent, as they are; bounded, with the drops counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::codec::Incoming;
use crate::envelope::{Envelope, Outgoing};

/// Messages that are kept; older ones are dropped and counted.
const KEPT: usize = 256;
/// Payload of all kept messages together. Beyond it only sizes are kept.
const KEPT_BYTES: usize = 1024 * 1024;

/// A message with its number, which grows with each message of the scenario and begins at one.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) number: u64,
    /// The transport, as an index into the scenario's legs.
    pub(crate) leg: u32,
    pub(crate) at: Instant,
    pub(crate) message: LoggedMessage,
}

#[derive(Debug, Clone)]
pub(crate) enum LoggedMessage {
    /// Not decoded: of all that a message is, the decoded payload is the largest part.
    In(Arc<Envelope>),
    /// In a box: most messages of most scenarios came.
    Out(Box<Outgoing>),
    /// There was no room for it.
    Gone {
        topic: Arc<str>,
        size: usize,
        came: bool,
    },
}

impl Logged {
    /// Whether it came, rather than went.
    pub(crate) fn came(&self) -> bool {
        match &self.message {
            LoggedMessage::In(_) => true,
            LoggedMessage::Out(_) => false,
            LoggedMessage::Gone { came, .. } => *came,
        }
    }

    pub(crate) fn topic(&self) -> &Arc<str> {
        match &self.message {
            LoggedMessage::In(message) => &message.topic,
            LoggedMessage::Out(message) => &message.topic,
            LoggedMessage::Gone { topic, .. } => topic,
        }
    }

    /// Nothing when it was not kept.
    pub(crate) fn payload(&self) -> Option<&[u8]> {
        match &self.message {
            LoggedMessage::In(message) => Some(&message.payload),
            LoggedMessage::Out(message) => Some(&message.payload),
            LoggedMessage::Gone { .. } => None,
        }
    }
}

/// The last messages. Keeping one copies no payload.
#[derive(Debug, Default)]
pub(crate) struct MessageLog {
    kept: VecDeque<Logged>,
    bytes: usize,
    last: u64,
    dropped: u64,
}

impl MessageLog {
    /// The number of a message that came.
    pub(crate) fn received(&mut self, leg: u32, message: &Arc<Incoming>) -> u64 {
        let envelope = message.envelope();
        let logged = if self.has_room(envelope.payload.len()) {
            LoggedMessage::In(message.shared())
        } else {
            LoggedMessage::Gone {
                topic: Arc::clone(&envelope.topic),
                size: envelope.payload.len(),
                came: true,
            }
        };
        self.push(leg, envelope.received_at, logged)
    }

    /// The number of a message that goes out.
    pub(crate) fn sent(&mut self, leg: u32, at: Instant, message: &Outgoing) -> u64 {
        let logged = if self.has_room(message.payload.len()) {
            LoggedMessage::Out(Box::new(message.clone()))
        } else {
            LoggedMessage::Gone {
                topic: Arc::clone(&message.topic),
                size: message.payload.len(),
                came: false,
            }
        };
        self.push(leg, at, logged)
    }

    fn has_room(&self, size: usize) -> bool {
        self.bytes.saturating_add(size) <= KEPT_BYTES
    }

    fn push(&mut self, leg: u32, at: Instant, message: LoggedMessage) -> u64 {
        if self.kept.len() == KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.payload().map_or(0, <[u8]>::len);
            self.dropped += 1;
        }
        self.last += 1;
        let logged = Logged {
            number: self.last,
            leg,
            at,
            message,
        };
        self.bytes += logged.payload().map_or(0, <[u8]>::len);
        self.kept.push_back(logged);
        self.last
    }

    /// Whether a message went to a topic; it may have been one of those that were dropped.
    pub(crate) fn may_have_sent(&self, leg: u32, topic: &str) -> bool {
        let mut kept = self.kept.iter().filter(|it| !it.came() && it.leg == leg);
        self.dropped > 0 || kept.any(|it| **it.topic() == *topic)
    }

    /// Topics that messages went to since an instant, as far as they are kept.
    pub(crate) fn sent_since(&self, leg: u32, since: Instant) -> impl Iterator<Item = &Arc<str>> {
        let sent = self.kept.iter().filter(|it| !it.came());
        let sent = sent.filter(move |it| it.leg == leg && it.at >= since);
        sent.map(Logged::topic)
    }

    /// What is kept, the oldest first, and how many older ones were dropped.
    pub(crate) fn snapshot(&self) -> (Vec<Logged>, u64) {
        (self.kept.iter().cloned().collect(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::JsonCodec;
    use crate::envelope::Envelope;

    #[test]
    fn the_oldest_go_and_large_payloads_are_not_kept() {
        let mut log = MessageLog::default();
        let now = Instant::now();
        for number in 1..=KEPT as u64 + 2 {
            assert_eq!(log.sent(0, now, &Outgoing::new("t", "x")), number);
        }
        let large = Envelope::new("t", vec![0; KEPT_BYTES]);
        log.received(0, &Arc::new(Incoming::new(large, Arc::new(JsonCodec))));
        let (kept, dropped) = log.snapshot();
        assert_eq!((kept.len(), dropped, kept[0].number), (KEPT, 3, 4));
        let last = kept.last().expect("some are kept");
        assert!(last.came() && last.payload().is_none());
        assert!(log.bytes < KEPT);
    }

    #[test]
    fn what_is_kept_is_not_decoded() {
        let mut log = MessageLog::default();
        let message = Arc::new(Incoming::new(Envelope::new("t", "{}"), Arc::new(JsonCodec)));
        assert!(message.decoded().is_ok());
        log.received(0, &message);
        assert_eq!(Arc::strong_count(&message), 1);
        let kept = log.snapshot().0;
        assert_eq!(kept[0].payload(), Some(&b"{}"[..]));
    }
}
