//! What a broker has to offer for scenarios to run on it.
//!
//! Implementations live in modules of their own and know neither scenarios nor each other.
#![doc = include_str!("../../docs/writing-a-transport.md")]
#![doc = "\n```\n"]
#![doc = include_str!("../../docs/direct.rs")]
#![doc = "```\n"]
#![doc = include_str!("../../docs/transport-contract.md")]

use std::sync::Arc;
use std::time::Instant;

#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "rabbitmq")]
pub mod rabbitmq;
#[cfg(feature = "redis")]
pub mod redis;

pub use crate::envelope::{Envelope, Headers, Metadata, Outgoing};
pub use crate::safety::Endpoint;

#[cfg(not(all(
    feature = "nats",
    feature = "kafka",
    feature = "rabbitmq",
    feature = "redis"
)))]
pub(crate) mod absent;
pub(crate) mod erased;
mod memory;
mod tls;

pub use memory::{
    Memory, MemoryClient, MemoryConnection, MemorySubscription, MemorySubscriptionGuard,
};
pub use tls::Tls;

/// What went wrong between a transport and its broker, in the broker's words where it gave any.
///
/// Never put a credential into the text: it ends up in failure texts and reports.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The broker could not be reached, or refused the connection.
    #[error("cannot connect to {endpoint}: {reason}")]
    Connect {
        /// Where, without user and password.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// The broker did not accept the credentials.
    #[error("{endpoint} refused the credentials: {reason}")]
    Auth {
        /// Where, without user and password.
        endpoint: String,
        /// The broker's words.
        reason: String,
    },
    /// The broker refused a subscription, or did not confirm it in time.
    #[error("cannot subscribe to `{topic}`: {reason}")]
    Subscribe {
        /// The topic or pattern.
        topic: String,
        /// Why.
        reason: String,
    },
    /// The message did not reach the broker.
    #[error("cannot publish to `{topic}`: {reason}")]
    Publish {
        /// The topic.
        topic: String,
        /// Why.
        reason: String,
    },
    /// The connection is gone.
    #[error("connection lost: {reason}")]
    Lost {
        /// Why.
        reason: String,
    },
}

/// What happens on a connection besides messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// The connection broke: every running scenario on it ends as error, at once.
    Lost {
        /// Why.
        reason: String,
    },
    /// The connection and its subscriptions are back.
    Restored,
    /// The broker complained about something that was already handed over, such as a missing
    /// permission or a message above its limit: every running scenario on the connection ends as error.
    Refused {
        /// The broker's words.
        reason: String,
    },
    /// The same, about a message to a topic: the running scenarios that have sent there end as error, or
    /// every one if none has.
    PublishRefused {
        /// The topic.
        topic: String,
        /// The broker's words.
        reason: String,
    },
}

/// Where a transport puts what it receives. Cheap to clone; calls never block and never await.
#[derive(Clone)]
pub struct Delivery(Arc<dyn Fn(Envelope) + Send + Sync>);

impl Delivery {
    /// Wraps the receiver of one subscription's messages.
    pub fn new(receiver: impl Fn(Envelope) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receiver))
    }

    /// Hands over one message. Call it from the receive task, in the order of arrival per topic.
    pub fn deliver(&self, envelope: Envelope) {
        (self.0)(envelope);
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Delivery")
    }
}

/// Where a transport reports what happens to its connection. Cheap to clone; calls never block.
#[derive(Clone)]
pub struct ConnectionEvents(Arc<dyn Fn(ConnectionEvent) + Send + Sync>);

impl ConnectionEvents {
    /// Wraps the receiver of one connection's events.
    pub fn new(receiver: impl Fn(ConnectionEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receiver))
    }

    /// Reports an event.
    pub fn report(&self, event: ConnectionEvent) {
        (self.0)(event);
    }
}

impl std::fmt::Debug for ConnectionEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConnectionEvents")
    }
}

/// What a transport can do. What it cannot is refused where a scenario asks for it, with the reason and what to use
/// instead. No step asks for messages from before it, so [`retention`](Self::retention) refuses none: it is said when
/// a message may have been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Topics of a subscription may have wildcards. Without them, one that has `*`, `**`, `>`, `#` or `+` between
    /// dots, slashes or colons is refused.
    pub wildcards: bool,
    /// Messages have headers.
    pub headers: bool,
    /// Messages have keys.
    pub keys: bool,
    /// Within what messages keep their order. `ordered_by`, and `in_order!` on one topic, are refused beyond it.
    pub ordering: Ordering,
    /// What becomes of messages that nobody is subscribed to. The failure text of a scenario on which no topic had a
    /// message tells when they are lost.
    pub retention: Retention,
    /// A message may say where its answer is to go, and a connection has inboxes for answers.
    pub requests: bool,
    /// Names of the metadata that a published message may set.
    pub settable: &'static [&'static str],
    /// Names of the metadata that a received message may have.
    pub readable: &'static [&'static str],
}

/// Within what the messages of a transport keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ordering {
    /// All messages of one publisher on one topic.
    Topic,
    /// Those of one topic that have the same key, or come from the same partition: the metadata `partition`.
    Partition,
    /// None do.
    None,
}

/// What becomes of a message that is published before anybody has subscribed to its topic.
///
/// It concerns the services under test more than the test, which subscribes before it publishes: where messages are
/// lost, a service has to be ready before the first `publish!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retention {
    /// It is lost, also for a test that would like to begin with it: NATS, Redis Pub/Sub, `Memory`. Publish when the
    /// service has said that it is ready, or use what keeps messages on the same broker: JetStream, Redis Streams.
    None,
    /// It lies in the queues that take it until somebody does, and what no queue takes is lost: RabbitMQ. To begin with
    /// what lies there, a test consumes the queue.
    Queues,
    /// The broker keeps it, and a subscription may begin with it: Kafka, JetStream, Redis Streams. With which message is
    /// an option of the transport's own type; it is the next one unless that says otherwise.
    Log,
}

impl Capabilities {
    /// Nothing but topics and payloads.
    pub const fn plain() -> Self {
        Self {
            wildcards: false,
            headers: false,
            keys: false,
            ordering: Ordering::Topic,
            retention: Retention::None,
            requests: false,
            settable: &[],
            readable: &[],
        }
    }

    /// With wildcards in the topics of subscriptions.
    pub const fn with_wildcards(mut self) -> Self {
        self.wildcards = true;
        self
    }

    /// With headers.
    pub const fn with_headers(mut self) -> Self {
        self.headers = true;
        self
    }

    /// With keys.
    pub const fn with_keys(mut self) -> Self {
        self.keys = true;
        self
    }

    /// With another promise about order; plain is [`Ordering::Topic`].
    pub const fn with_ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// With messages that the broker keeps; plain is [`Retention::None`].
    pub const fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// With requests and answers.
    pub const fn with_requests(mut self) -> Self {
        self.requests = true;
        self
    }

    /// With these names of metadata on messages: what a publisher may set, and what a subscriber may find.
    pub const fn with_metadata(
        mut self,
        settable: &'static [&'static str],
        readable: &'static [&'static str],
    ) -> Self {
        self.settable = settable;
        self.readable = readable;
        self
    }
}

/// A broker that a harness can connect to: its address and credentials, not yet a connection.
pub trait Transport: Send + Sync + 'static {
    /// What [`connect`](Self::connect) gives.
    type Connection: Connection;

    /// The broker's name as people write it, such as `NATS`.
    fn name(&self) -> &str;

    /// Every endpoint that `connect` may open a socket to. The harness checks them against the
    /// allowlist before it calls `connect`; none means that no socket is opened.
    fn endpoints(&self) -> Vec<Endpoint>;

    /// What the broker can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens a connection, within a bound of its own. Later trouble goes to `events`.
    fn connect(
        &self,
        events: ConnectionEvents,
    ) -> impl Future<Output = Result<Self::Connection, TransportError>> + Send;
}

/// An open connection.
pub trait Connection: Send + Sync + 'static {
    /// Keeps a subscription alive; dropping it ends the subscription.
    type Subscription: Send + Sync + 'static;

    /// Whether a text can be subscribed to, said when a scenario registers it and before the broker is
    /// asked. The error says why not and what to write instead.
    fn check_topic(&self, topic: &str) -> Result<(), String> {
        let _ = topic;
        Ok(())
    }

    /// Subscribes, and resolves when the broker has confirmed that the subscription is live: a message
    /// published from any connection after that is delivered.
    fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> impl Future<Output = Result<Self::Subscription, TransportError>> + Send;

    /// Publishes, and resolves when the message has been handed to the wire.
    fn publish(&self, message: Outgoing)
    -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Asks the broker for a sign of life, and resolves when it has come. The harness asks, and bounds the
    /// wait, when a scenario has waited in vain and when nothing has come in a quiet window: a broker that
    /// hangs is no silent service. Ask where the messages come from: what the broker had sent before the
    /// answer is delivered before this resolves, if the protocol keeps the order.
    fn ping(&self) -> impl Future<Output = Result<(), TransportError>> + Send {
        async { Ok(()) }
    }

    /// A new topic that only this connection has, for answers to requests: a scenario subscribes to it
    /// like to any other and gives it as [`Outgoing::reply_to`]. `None` when the transport has no requests.
    fn inbox(&self) -> Option<String> {
        None
    }

    /// Topics whose messages reached no subscription at all since an instant, for failure texts: one of them may be
    /// a slip of the pen for the topic that stayed silent. `None` when the broker does not tell.
    fn unread_topics(&self, since: Instant) -> Option<Vec<Arc<str>>> {
        let _ = since;
        None
    }

    /// Closes the connection. Afterwards no task of it is left.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
