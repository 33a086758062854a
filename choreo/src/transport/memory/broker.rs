//! The broker's task: the only owner of the subscriptions.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::lock;
use super::topic::Pattern;
use crate::clock;
use crate::envelope::{Envelope, Outgoing};
use crate::transport::Delivery;

/// Topics without a reader that are remembered.
const UNREAD_KEPT: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SubscriptionId(pub(super) u64);

#[derive(Debug)]
pub(super) enum Command {
    Publish {
        message: Outgoing,
        /// Its room in the queue, given back when it is dispatched or the broker ends.
        _room: OwnedSemaphorePermit,
    },
    Subscribe {
        id: SubscriptionId,
        pattern: Pattern,
        delivery: Delivery,
        confirm: oneshot::Sender<()>,
    },
    Unsubscribe(SubscriptionId),
    Count(oneshot::Sender<usize>),
}

#[derive(Default)]
struct Subscriptions {
    exact: HashMap<String, Vec<(SubscriptionId, Delivery)>>,
    wild: Vec<(SubscriptionId, Pattern, Delivery)>,
    /// The exact topic of an id, or `None` for a wildcard.
    places: HashMap<SubscriptionId, Option<String>>,
}

/// Topics whose messages reached nobody, with the instant of the last one; the oldest first.
#[derive(Default)]
pub(super) struct Unread(VecDeque<(Arc<str>, Instant)>);

impl Unread {
    fn note(&mut self, topic: &Arc<str>, at: Instant) {
        if let Some(place) = self.0.iter().position(|(known, _)| known == topic) {
            self.0.remove(place);
        } else if self.0.len() == UNREAD_KEPT {
            self.0.pop_front();
        }
        self.0.push_back((Arc::clone(topic), at));
    }

    /// The newest first.
    pub(super) fn since(&self, since: Instant) -> Vec<Arc<str>> {
        let recent = self.0.iter().rev().take_while(|(_, at)| *at >= since);
        recent.map(|(topic, _)| Arc::clone(topic)).collect()
    }
}

/// Runs until every sender is gone. Publications and subscriptions take effect in the order in which they came: a
/// subscription sees what is published after it, and nothing that was published before.
pub(super) async fn run(
    mut commands: mpsc::UnboundedReceiver<Command>,
    unread: Arc<Mutex<Unread>>,
) {
    let mut subscriptions = Subscriptions::default();
    while let Some(command) = commands.recv().await {
        subscriptions.apply(command, &unread);
    }
}

impl Subscriptions {
    fn apply(&mut self, command: Command, unread: &Mutex<Unread>) {
        match command {
            Command::Publish { message, .. } => self.dispatch(message, unread),
            Command::Subscribe {
                id,
                pattern,
                delivery,
                confirm,
            } => {
                match pattern {
                    Pattern::Exact(topic) => {
                        self.places.insert(id, Some(topic.clone()));
                        self.exact.entry(topic).or_default().push((id, delivery));
                    }
                    wild @ Pattern::Wild { .. } => {
                        self.places.insert(id, None);
                        self.wild.push((id, wild, delivery));
                    }
                }
                // Nobody waits any more when the subscriber was cancelled; its guard unsubscribes.
                let _ = confirm.send(());
            }
            Command::Unsubscribe(id) => match self.places.remove(&id) {
                Some(Some(topic)) => {
                    if let Some(list) = self.exact.get_mut(&topic) {
                        list.retain(|(other, _)| *other != id);
                        if list.is_empty() {
                            self.exact.remove(&topic);
                        }
                    }
                }
                Some(None) => self.wild.retain(|(other, _, _)| *other != id),
                None => {}
            },
            Command::Count(answer) => {
                let _ = answer.send(self.places.len());
            }
        }
    }

    fn dispatch(&self, message: Outgoing, unread: &Mutex<Unread>) {
        let Outgoing {
            topic,
            key,
            headers,
            reply_to,
            metadata,
            payload,
        } = message;
        let envelope = Envelope {
            topic,
            key,
            headers,
            payload: if metadata.is_tombstone() {
                Bytes::new()
            } else {
                payload
            },
            received_at: clock::now(),
            reply_to,
            metadata,
        };
        let topic = Arc::clone(&envelope.topic);
        let exact = self
            .exact
            .get(&*topic)
            .into_iter()
            .flatten()
            .map(|(_, delivery)| delivery);
        let wild = self
            .wild
            .iter()
            .filter(|(_, pattern, _)| pattern.matches(&topic))
            .map(|(_, _, delivery)| delivery);
        let mut reached = false;
        for delivery in exact.chain(wild) {
            delivery.deliver(envelope.clone());
            reached = true;
        }
        if !reached {
            lock(unread).note(&topic, envelope.received_at);
        }
    }
}
