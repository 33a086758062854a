//! The subscriptions of a Pub/Sub connection: each topic once on the server, whoever wants it here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::Mutex as Turn;
use tokio::sync::mpsc::UnboundedSender;

use super::link::locked;
use super::topic::Topic;
use crate::envelope::Envelope;
use crate::transport::Delivery;

/// Whoever is subscribed, by topic.
pub(super) struct Registry {
    topics: Mutex<Topics>,
    /// Takes the topics that nobody wants any more.
    unwanted: UnboundedSender<Arc<Entry>>,
}

#[derive(Default)]
struct Topics {
    channels: HashMap<Vec<u8>, Arc<Entry>>,
    patterns: HashMap<Vec<u8>, Arc<Entry>>,
    next_id: u64,
}

/// One topic.
pub(super) struct Entry {
    pub(super) topic: Topic,
    /// Held while the server is asked about this topic, so that it hears things in the order in which they
    /// are true; the epoch in which it has confirmed the subscription.
    pub(super) turn: Turn<Option<u64>>,
    name: Arc<str>,
    deliveries: Mutex<Arc<[(u64, Delivery)]>>,
}

/// A subscription of one; taken out when dropped.
pub(super) struct Registration {
    registry: Arc<Registry>,
    pub(super) entry: Arc<Entry>,
    id: u64,
}

impl Topics {
    fn has(&mut self, entry: &Arc<Entry>) -> bool {
        let (entries, key) = self.of(&entry.topic);
        entries
            .get(&key)
            .is_some_and(|other| Arc::ptr_eq(other, entry))
    }

    fn of(&mut self, topic: &Topic) -> (&mut HashMap<Vec<u8>, Arc<Entry>>, Vec<u8>) {
        match topic {
            Topic::Channel(name) => (&mut self.channels, name.clone().into_bytes()),
            Topic::Pattern(name) => (&mut self.patterns, name.clone().into_bytes()),
        }
    }
}

impl Registry {
    pub(super) fn new(unwanted: UnboundedSender<Arc<Entry>>) -> Self {
        Self {
            topics: Mutex::default(),
            unwanted,
        }
    }

    /// Adds someone who wants the messages of a topic.
    pub(super) fn add(self: &Arc<Self>, topic: Topic, delivery: Delivery) -> Registration {
        let mut topics = locked(&self.topics);
        let id = topics.next_id;
        topics.next_id += 1;
        let (entries, key) = topics.of(&topic);
        let entry = entries
            .entry(key)
            .or_insert_with(|| Arc::new(Entry::new(topic)));
        let entry = Arc::clone(entry);
        entry.change(|deliveries| deliveries.push((id, delivery)));
        Registration {
            registry: Arc::clone(self),
            entry,
            id,
        }
    }

    /// Whether nobody wants a topic any more, and the server is still to be told.
    pub(super) fn is_left_over(&self, entry: &Arc<Entry>) -> bool {
        // Whoever comes after an entry was forgotten makes a new one, of which this one says nothing.
        locked(&self.topics).has(entry) && !entry.is_wanted()
    }

    /// Forgets a topic, unless someone has come to want it.
    pub(super) fn forget(&self, entry: &Arc<Entry>) {
        let mut topics = locked(&self.topics);
        if topics.has(entry) && !entry.is_wanted() {
            let (entries, key) = topics.of(&entry.topic);
            entries.remove(&key);
        }
    }

    /// Every topic.
    pub(super) fn entries(&self) -> Vec<Arc<Entry>> {
        let topics = locked(&self.topics);
        let all = topics.channels.values().chain(topics.patterns.values());
        all.cloned().collect()
    }

    /// Takes what the server pushes.
    pub(super) fn receive(&self, push: PushInfo) {
        let received_at = Instant::now();
        let mut data = push.data.into_iter();
        match push.kind {
            PushKind::Message => {
                if let (Some(channel), Some(payload)) = (bytes(data.next()), bytes(data.next())) {
                    self.message(&channel, payload, received_at);
                }
            }
            PushKind::PMessage => {
                let parts = (bytes(data.next()), bytes(data.next()), bytes(data.next()));
                if let (Some(pattern), Some(channel), Some(payload)) = parts {
                    self.pattern_message(&pattern, &channel, payload, received_at);
                }
            }
            _ => {}
        }
    }

    /// A message to a channel that is subscribed to by name.
    pub(super) fn message(&self, channel: &[u8], payload: Vec<u8>, received_at: Instant) {
        let entry = locked(&self.topics).channels.get(channel).cloned();
        if let Some(entry) = entry {
            entry.deliver(Arc::clone(&entry.name), payload, received_at);
        }
    }

    /// A message to a channel that fits a pattern.
    pub(super) fn pattern_message(
        &self,
        pattern: &[u8],
        channel: &[u8],
        payload: Vec<u8>,
        received_at: Instant,
    ) {
        let entry = locked(&self.topics).patterns.get(pattern).cloned();
        if let Some(entry) = entry {
            entry.deliver(
                String::from_utf8_lossy(channel).into(),
                payload,
                received_at,
            );
        }
    }
}

impl Entry {
    fn new(topic: Topic) -> Self {
        Self {
            turn: Turn::new(None),
            name: topic.name().into(),
            deliveries: Mutex::new(Arc::new([])),
            topic,
        }
    }

    fn is_wanted(&self) -> bool {
        !locked(&self.deliveries).is_empty()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(u64, Delivery)>)) {
        let mut deliveries = locked(&self.deliveries);
        let mut changed = deliveries.to_vec();
        change(&mut changed);
        *deliveries = changed.into();
    }

    fn deliver(&self, topic: Arc<str>, payload: Vec<u8>, received_at: Instant) {
        let deliveries = Arc::clone(&locked(&self.deliveries));
        let mut envelope = Envelope::new(topic, Bytes::from(payload));
        envelope.received_at = received_at;
        if let Some(((_, last), others)) = deliveries.split_last() {
            for (_, other) in others {
                other.deliver(envelope.clone());
            }
            last.deliver(envelope);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.entry
            .change(|deliveries| deliveries.retain(|(id, _)| *id != self.id));
        if !self.entry.is_wanted() {
            // A receiver that is gone means that the connection is closed.
            let _ = self.registry.unwanted.send(Arc::clone(&self.entry));
        }
    }
}

fn bytes(value: Option<Value>) -> Option<Vec<u8>> {
    match value? {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}
