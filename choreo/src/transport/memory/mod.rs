//! A broker inside the test process, with the manners of a real one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc, oneshot};

use self::broker::{Command, SubscriptionId, Unread};
use super::{
    Capabilities, Connection, ConnectionEvent, ConnectionEvents, Delivery, Endpoint, Outgoing,
    Transport, TransportError,
};
use crate::ids::CorrelationId;

pub use client::{MemoryClient, MemorySubscription};

mod broker;
mod client;
mod topic;

/// What a publisher may set: the names of every transport, so that this one can stand in for each.
const SETTABLE: &[&str] = &[
    "partition",
    "timestamp",
    "tombstone",
    "message_id",
    "correlation_id",
    "content_type",
    "priority",
    "expiration",
    "type",
    "app_id",
    "delivery_mode",
    "user_id",
];

/// What a subscriber may find: the same, and what a broker adds by itself. Here it is there when a
/// [`MemoryClient`] sent it.
const READABLE: &[&str] = &[
    "partition",
    "timestamp",
    "tombstone",
    "message_id",
    "correlation_id",
    "content_type",
    "priority",
    "expiration",
    "type",
    "app_id",
    "delivery_mode",
    "user_id",
    "offset",
    "exchange",
    "routing_key",
    "redelivered",
    "x_death",
    "stream",
    "stream_sequence",
    "consumer_sequence",
    "id",
    "status",
];

/// Messages that may wait for the broker before publishers have to.
const PUBLISH_QUEUE: usize = 4096;

/// An in-process broker: a task of its own that keeps the order of each topic, confirms subscriptions,
/// and knows the wildcards of NATS (`*` for one token, `>` for the rest).
///
/// Messages have headers, keys, reply addresses and metadata, and all of it arrives as it was sent.
/// The metadata names are those of every transport together, so that a test can stand this broker in
/// for the real one: a scenario may set what it could set on one of them (`partition`, `message_id`,
/// `priority`, `tombstone`, …) and expect what it could find on one of them (`offset`, `x_death`,
/// `stream_sequence`, … as well). The broker adds nothing by itself: it has no partitions and no
/// queues. A message with `tombstone: true` arrives without a payload.
///
/// Every `Memory::new()` is a broker of its own; clones share it. The system under test talks to it
/// through [`client`](Self::client). The broker's task runs on the runtime of the first call and ends
/// when the last clone, client and connection is gone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use choreo::transport::Memory;
///
/// let broker = Memory::new();
/// let client = broker.client();
/// let mut orders = client.subscribe("orders.*").await?;
/// client.publish("orders.created", "{}").await?;
/// assert_eq!(&*orders.next().await.expect("the broker is there").topic, "orders.created");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    link: Mutex<Option<Link>>,
    next_id: AtomicU64,
    connections: Mutex<Connections>,
    unread: Arc<Mutex<Unread>>,
}

#[derive(Default)]
struct Connections {
    events: HashMap<u64, ConnectionEvents>,
    broken: Option<String>,
}

/// The way to the broker's task.
#[derive(Clone)]
struct Link {
    commands: mpsc::UnboundedSender<Command>,
    /// For messages that wait.
    room: Arc<Semaphore>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A topic that nobody else has.
fn new_inbox() -> String {
    CorrelationId::random("_INBOX.").as_str().to_owned()
}

impl Memory {
    /// A new broker with no subscriptions.
    pub fn new() -> Self {
        Self::default()
    }

    /// A client for the system under test.
    ///
    /// # Panics
    ///
    /// Its calls panic outside a tokio runtime.
    pub fn client(&self) -> MemoryClient {
        MemoryClient {
            memory: self.clone(),
        }
    }

    /// Breaks every connection of a harness, as a killed broker would, until
    /// [`restore`](Self::restore).
    pub fn break_connections(&self, reason: &str) {
        let mut connections = lock(&self.shared.connections);
        connections.broken = Some(reason.to_owned());
        for events in connections.events.values() {
            events.report(ConnectionEvent::Lost {
                reason: reason.to_owned(),
            });
        }
    }

    /// Mends the connections; subscriptions are as they were.
    pub fn restore(&self) {
        let mut connections = lock(&self.shared.connections);
        connections.broken = None;
        for events in connections.events.values() {
            events.report(ConnectionEvent::Restored);
        }
    }

    /// How many subscriptions the broker holds, those of clients included.
    pub async fn subscription_count(&self) -> usize {
        let (answer, count) = oneshot::channel();
        if self
            .shared
            .link()
            .commands
            .send(Command::Count(answer))
            .is_err()
        {
            return 0;
        }
        count.await.unwrap_or(0)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Shared {
    /// The running broker task; starts one when there is none or its runtime is gone.
    fn link(&self) -> Link {
        let mut link = lock(&self.link);
        match &*link {
            Some(link) if !link.commands.is_closed() => link.clone(),
            _ => {
                let (commands, queue) = mpsc::unbounded_channel();
                tokio::spawn(broker::run(queue, Arc::clone(&self.unread)));
                let room = Arc::new(Semaphore::new(PUBLISH_QUEUE));
                link.insert(Link { commands, room }).clone()
            }
        }
    }

    fn broken(&self) -> Option<String> {
        lock(&self.connections).broken.clone()
    }

    async fn subscribe(
        &self,
        pattern: &str,
        delivery: Delivery,
    ) -> Result<MemorySubscriptionGuard, TransportError> {
        let refused = |reason: &str| TransportError::Subscribe {
            topic: pattern.to_owned(),
            reason: reason.to_owned(),
        };
        let pattern_tokens = topic::Pattern::parse(pattern).map_err(|reason| refused(&reason))?;
        let link = self.link();
        let id = SubscriptionId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let (confirm, confirmed) = oneshot::channel();
        let command = Command::Subscribe {
            id,
            pattern: pattern_tokens,
            delivery,
            confirm,
        };
        link.commands
            .send(command)
            .map_err(|_| refused("the broker's task is gone"))?;
        // Made before the wait: a cancelled subscribe must not leave a subscription behind.
        let guard = MemorySubscriptionGuard {
            commands: link.commands,
            id,
        };
        confirmed
            .await
            .map_err(|_| refused("the broker's task is gone"))?;
        Ok(guard)
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let topic = Arc::clone(&message.topic);
        let refused = |reason: String| TransportError::Publish {
            topic: (*topic).to_owned(),
            reason,
        };
        topic::check_concrete(&topic).map_err(&refused)?;
        let gone = || refused("the broker's task is gone".to_owned());
        let Link { commands, room } = self.link();
        let room = room.acquire_owned().await.map_err(|_| gone())?;
        let command = Command::Publish {
            message,
            _room: room,
        };
        commands.send(command).map_err(|_| gone())
    }
}

impl Transport for Memory {
    type Connection = MemoryConnection;

    fn name(&self) -> &str {
        "Memory"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        Vec::new()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain()
            .with_wildcards()
            .with_headers()
            .with_keys()
            .with_requests()
            .with_metadata(SETTABLE, READABLE)
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<MemoryConnection, TransportError> {
        if let Some(reason) = self.shared.broken() {
            return Err(TransportError::Connect {
                endpoint: "the in-memory broker".into(),
                reason,
            });
        }
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        lock(&self.shared.connections).events.insert(id, events);
        Ok(MemoryConnection {
            shared: Arc::clone(&self.shared),
            id,
            closed: AtomicBool::new(false),
        })
    }
}

/// A harness's connection to a [`Memory`] broker.
pub struct MemoryConnection {
    shared: Arc<Shared>,
    id: u64,
    closed: AtomicBool,
}

impl MemoryConnection {
    /// `Err` with why nothing goes over it.
    fn check_open(&self) -> Result<(), TransportError> {
        let reason = if self.closed.load(Ordering::Acquire) {
            Some("it was closed".to_owned())
        } else {
            self.shared.broken()
        };
        reason.map_or(Ok(()), |reason| Err(TransportError::Lost { reason }))
    }
}

impl std::fmt::Debug for MemoryConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryConnection")
    }
}

impl Connection for MemoryConnection {
    type Subscription = MemorySubscriptionGuard;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<MemorySubscriptionGuard, TransportError> {
        self.check_open()?;
        self.shared.subscribe(topic, delivery).await
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        self.check_open()?;
        self.shared.publish(message).await
    }

    fn inbox(&self) -> Option<String> {
        Some(new_inbox())
    }

    async fn ping(&self) -> Result<(), TransportError> {
        match self.shared.broken() {
            Some(reason) => Err(TransportError::Lost { reason }),
            None => Ok(()),
        }
    }

    fn unread_topics(&self, since: Instant) -> Option<Vec<Arc<str>>> {
        Some(lock(&self.shared.unread).since(since))
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        lock(&self.shared.connections).events.remove(&self.id);
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        lock(&self.shared.connections).events.remove(&self.id);
    }
}

/// Keeps a subscription on a [`Memory`] broker alive.
#[derive(Debug)]
pub struct MemorySubscriptionGuard {
    commands: mpsc::UnboundedSender<Command>,
    id: SubscriptionId,
}

impl Drop for MemorySubscriptionGuard {
    fn drop(&mut self) {
        // A broker that is gone has no subscriptions either.
        let _ = self.commands.send(Command::Unsubscribe(self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_subscription_gets_nothing_that_was_published_before() {
        let broker = Memory::new();
        let client = broker.client();
        for pattern in ["orders", "*"] {
            let early = client.publish("orders", "early").await;
            early.expect("a valid topic");
            let orders = client.subscribe(pattern).await;
            let mut orders = orders.expect("a valid topic");
            let late = client.publish("orders", "late").await;
            late.expect("a valid topic");
            let first = orders.next().await.expect("the broker is there");
            assert_eq!(first.payload, "late", "{pattern}");
        }
    }

    #[tokio::test]
    async fn publishers_wait_for_room_and_none_is_lost() {
        let broker = Memory::new();
        let client = broker.client();
        let mut orders = client.subscribe("orders").await.expect("a valid topic");
        let link = broker.shared.link();
        for _ in 0..2 * PUBLISH_QUEUE {
            let sent = client.publish("orders", "x").await;
            sent.expect("a valid topic");
        }
        for _ in 0..2 * PUBLISH_QUEUE {
            orders.next().await.expect("the broker is there");
        }
        assert_eq!(link.room.available_permits(), PUBLISH_QUEUE);
    }
}
