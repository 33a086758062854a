//! JetStream: streams of NATS, on a connection like that of [`Nats`].

mod api;
mod connection;
mod delivered;
mod follower;
mod reading;
mod start;

use std::sync::Arc;
use std::time::Duration;

pub use connection::{JetStreamConnection, JetStreamSubscription};
pub use start::Start;

use super::{Nats, NatsAuth, NatsConnection, Renewal};
use crate::secret::IntoCredentials;
use crate::transport::{
    Capabilities, ConnectionEvents, Endpoint, Retention, Tls, Transport, TransportError,
};

/// The metadata by which a stream recognises a message that it has already.
const MESSAGE_ID: &str = "message_id";

/// The streams of a NATS server (2.9 or newer).
///
/// A message that is published resolves when its stream has stored it; a subject that no stream keeps is an
/// error. A subscription reads its stream through an ordered consumer of its own, which the server forgets
/// with the subscription: no other consumer loses a message to it. After a restart of the server it goes on
/// after the last message that it delivered. A sign of life is the connected server's: that in a cluster the
/// leader of the stream hangs, it does not show.
///
/// Received messages have the metadata `stream`, `stream_sequence`, `consumer_sequence` (from 1, anew after
/// each reconnect) and `timestamp` (when it was stored, in milliseconds since 1970). A published message may
/// set `message_id`: a stream does not store a second message with the same id, and says nothing about it.
///
/// ```no_run
/// use choreo::transport::nats::{JetStream, Nats, NatsAuth, Start};
///
/// // The stream is created when it is not there.
/// let orders = JetStream::new("nats://127.0.0.1:4222").stream("ORDERS", ["orders.>"]);
/// // With what is in the stream already.
/// let history = orders.clone().start(Start::First);
/// // All settings of a connection are those of `Nats`.
/// let existing = JetStream::from(Nats::new("tls://127.0.0.1").auth(NatsAuth::token("t")));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct JetStream {
    nats: Nats,
    streams: Vec<WantedStream>,
    start: Start,
    problem: Option<String>,
}

/// A stream that is created when it is not there.
#[derive(Debug, Clone)]
struct WantedStream {
    name: String,
    subjects: Vec<String>,
}

impl JetStream {
    /// A server by its URL, as in [`Nats::new`].
    pub fn new(url: impl AsRef<str>) -> Self {
        Self::from(Nats::new(url))
    }

    /// Creates a stream at connect when there is none of this name: stored in files, without limits, and
    /// left there at the end. A stream of this name stays as it is.
    pub fn stream<I>(mut self, name: impl Into<String>, subjects: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let name = name.into();
        let is_bad = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
        if name.is_empty() || name.contains(is_bad) {
            self.problem = Some(format!(
                "{name:?} is no name of a stream: it has letters, digits, `-` and `_`"
            ));
        }
        self.streams.push(WantedStream {
            name,
            subjects: subjects.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Where subscriptions begin: [`Start::New`] unless set.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// As [`Nats::auth`].
    pub fn auth<Kind>(mut self, auth: impl IntoCredentials<NatsAuth, Kind>) -> Self {
        self.nats = self.nats.auth(auth);
        self
    }

    /// As [`Nats::tls`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.nats = self.nats.tls(tls);
        self
    }

    /// As [`Nats::connect_timeout`]; also bounds how long JetStream may take for an answer.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.nats = self.nats.connect_timeout(bound);
        self
    }

    async fn open(&self, events: ConnectionEvents) -> Result<JetStreamConnection, TransportError> {
        if let Some(problem) = &self.problem {
            return Err(TransportError::Connect {
                endpoint: self.nats.address(),
                reason: problem.clone(),
            });
        }
        let renewal = Arc::new(Renewal::default());
        let nats: NatsConnection = self.nats.open(events, Arc::clone(&renewal)).await?;
        let bound = self.nats.connect_timeout;
        JetStreamConnection::start(nats, renewal, self.start, bound, self.streams.clone()).await
    }
}

impl From<Nats> for JetStream {
    /// The streams of servers that are connected to like this.
    fn from(nats: Nats) -> Self {
        Self {
            nats,
            streams: Vec::new(),
            start: Start::default(),
            problem: None,
        }
    }
}

impl Transport for JetStream {
    type Connection = JetStreamConnection;

    fn name(&self) -> &str {
        "JetStream"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.nats.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain()
            .with_wildcards()
            .with_headers()
            .with_retention(Retention::Log)
            .with_metadata(&[MESSAGE_ID], delivered::READABLE)
    }

    async fn connect(
        &self,
        events: ConnectionEvents,
    ) -> Result<JetStreamConnection, TransportError> {
        self.nats.bounded(self.open(events)).await
    }
}
