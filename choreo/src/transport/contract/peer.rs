//! A connection under test with what it received; every wait has a bound and says what it waited for.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::{Subject, Verdict};
use crate::correlation::FieldCorrelation;
use crate::envelope::{Envelope, Outgoing};
use crate::harness::Harness;
use crate::transport::{
    Capabilities, Connection, ConnectionEvent, ConnectionEvents, Delivery, Ordering, Transport,
    TransportError,
};

/// The field that carries ids in the suite's scenarios.
pub(super) const ID_FIELD: &str = "correlation_id";

/// Between two questions to what reports nothing.
const TICK: Duration = Duration::from_millis(5);

/// What happened instead of what was promised.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl From<TransportError> for Broken {
    fn from(error: TransportError) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::Error> for Broken {
    fn from(error: crate::Error) -> Self {
        Self(error.to_string())
    }
}

pub(super) type Checked = Result<Verdict, Broken>;
type ConnectionOf<S> = <<S as Subject>::Transport as Transport>::Connection;
type SubscriptionOf<S> = <ConnectionOf<S> as Connection>::Subscription;

/// `Err` with this text, unless a condition holds.
pub(super) fn ensure(condition: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if condition {
        Ok(())
    } else {
        Err(Broken(what()))
    }
}

pub(super) fn not_applicable(why: impl Into<String>) -> Checked {
    Ok(Verdict::NotApplicable(why.into()))
}

pub(super) fn capabilities<S: Subject>(subject: &S) -> Capabilities {
    subject.transport().capabilities()
}

/// A message that keeps its order with others of its topic, whatever the transport orders by.
pub(super) fn message<S: Subject>(
    subject: &S,
    topic: &str,
    payload: impl Into<bytes::Bytes>,
) -> Outgoing {
    let mut message = Outgoing::new(topic, payload);
    let capabilities = capabilities(subject);
    if capabilities.keys && capabilities.ordering == Ordering::Partition {
        message.key = Some(bytes::Bytes::from_static(b"contract"));
    }
    message
}

/// The result of a call, or that it did not end.
pub(super) async fn within<T>(
    bound: Duration,
    what: impl Display,
    call: impl Future<Output = T>,
) -> Result<T, Broken> {
    timeout(bound, call)
        .await
        .map_err(|_| Broken(format!("{what} did not end within {bound:?}")))
}

/// Waits until a condition holds that nothing reports.
pub(super) async fn eventually(
    bound: Duration,
    mut condition: impl FnMut() -> bool,
    what: impl FnOnce() -> String,
) -> Result<(), Broken> {
    let mut tick = tokio::time::interval(TICK);
    let holds = async {
        while !condition() {
            tick.tick().await;
        }
    };
    timeout(bound, holds).await.map_err(|_| Broken(what()))
}

/// A harness whose ids are in a field.
pub(super) async fn harness<S: Subject>(subject: &S) -> Result<Harness, Broken> {
    harness_with_linger(subject, Duration::from_millis(250)).await
}

/// As [`harness`], with a say in how long unused subscriptions stay.
pub(super) async fn harness_with_linger<S: Subject>(
    subject: &S,
    linger: Duration,
) -> Result<Harness, Broken> {
    let patience = subject.patience();
    let connect = Harness::builder(subject.transport())
        .correlation(FieldCorrelation::new(ID_FIELD))
        .timeout(patience)
        .ready_timeout(patience)
        .linger(linger)
        .connect();
    Ok(within(patience, "connecting a harness", connect).await??)
}

/// An open connection.
pub(super) struct Peer<S: Subject> {
    pub(super) connection: ConnectionOf<S>,
    pub(super) events: UnboundedReceiver<ConnectionEvent>,
    patience: Duration,
}

impl<S: Subject> Peer<S> {
    pub(super) async fn connect(subject: &S) -> Result<Self, Broken> {
        Self::connect_by(subject, subject.transport()).await
    }

    pub(super) async fn connect_by(subject: &S, transport: S::Transport) -> Result<Self, Broken> {
        let (sender, events) = unbounded_channel();
        // Events after the case's end interest nobody.
        let sink = ConnectionEvents::new(move |event| drop(sender.send(event)));
        let patience = subject.patience();
        let connection = within(patience, "connect", transport.connect(sink)).await??;
        Ok(Self {
            connection,
            events,
            patience,
        })
    }

    pub(super) async fn try_subscribe(
        &self,
        topic: &str,
    ) -> Result<Result<Subscription<S>, TransportError>, Broken> {
        let (sender, messages) = unbounded_channel();
        let delivery = Delivery::new(move |envelope| drop(sender.send(envelope)));
        let call = self.connection.subscribe(topic, delivery);
        let what = format!("subscribe to `{topic}`");
        let guard = within(self.patience, what, call).await?;
        Ok(guard.map(|guard| Subscription {
            guard: Some(guard),
            messages,
            topic: topic.to_owned(),
            patience: self.patience,
        }))
    }

    pub(super) async fn subscribe(&self, topic: &str) -> Result<Subscription<S>, Broken> {
        Ok(self.try_subscribe(topic).await??)
    }

    pub(super) async fn try_publish(
        &self,
        message: Outgoing,
    ) -> Result<Result<(), TransportError>, Broken> {
        let what = format!("publish to `{}`", message.topic);
        within(self.patience, what, self.connection.publish(message)).await
    }

    pub(super) async fn publish(&self, message: Outgoing) -> Result<(), Broken> {
        Ok(self.try_publish(message).await??)
    }

    pub(super) async fn close(&self) -> Result<(), Broken> {
        within(self.patience, "close", self.connection.close()).await
    }

    /// The next event of the connection.
    pub(super) async fn event(&mut self, what: &str) -> Result<ConnectionEvent, Broken> {
        let bound = self.patience;
        match timeout(bound, self.events.recv()).await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err(Broken(format!(
                "{what} was not reported before the connection ended"
            ))),
            Err(_) => Err(Broken(format!("{what} was not reported within {bound:?}"))),
        }
    }

    /// That nothing but messages happened.
    pub(super) fn quiet(&mut self) -> Result<(), Broken> {
        match self.events.try_recv() {
            Ok(event) => Err(Broken(format!("the connection reported {event:?}"))),
            Err(_) => Ok(()),
        }
    }
}

/// A subscription with the messages that it got, in order.
pub(super) struct Subscription<S: Subject> {
    guard: Option<SubscriptionOf<S>>,
    messages: UnboundedReceiver<Envelope>,
    topic: String,
    patience: Duration,
}

impl<S: Subject> Subscription<S> {
    /// The next message.
    pub(super) async fn next(&mut self, what: impl Display) -> Result<Envelope, Broken> {
        let (topic, bound) = (&self.topic, self.patience);
        match timeout(bound, self.messages.recv()).await {
            Ok(Some(envelope)) => Ok(envelope),
            Ok(None) => Err(Broken(format!(
                "{what} did not arrive on `{topic}`: the transport gave up the delivery"
            ))),
            Err(_) => Err(Broken(format!(
                "{what} did not arrive on `{topic}` within {bound:?}"
            ))),
        }
    }

    /// The next message, which must have this payload.
    pub(super) async fn next_is(
        &mut self,
        payload: &[u8],
        what: impl Display,
    ) -> Result<Envelope, Broken> {
        let envelope = self.next(&what).await?;
        ensure(envelope.payload == payload, || {
            format!(
                "{what}: expected {} on `{}`, got {}",
                shown(payload),
                self.topic,
                shown(&envelope.payload)
            )
        })?;
        Ok(envelope)
    }

    /// How many messages wait; they are taken away.
    pub(super) fn drain(&mut self) -> usize {
        std::iter::from_fn(|| self.messages.try_recv().ok()).count()
    }

    /// A message that has arrived already.
    pub(super) fn arrived(&mut self) -> Option<Envelope> {
        self.messages.try_recv().ok()
    }

    /// Ends the subscription; what it still gets is counted on.
    pub(super) fn unsubscribe(&mut self) {
        self.guard = None;
    }
}

/// A payload for a violation: what it is when it is short and a text, its size otherwise.
pub(super) fn shown(payload: &[u8]) -> String {
    match std::str::from_utf8(payload) {
        Ok(text) if text.len() <= 64 => format!("{text:?}"),
        _ => format!("{} bytes", payload.len()),
    }
}

/// A JSON message with a correlation id, from outside of any scenario.
pub(super) fn stamped<S: Subject>(subject: &S, topic: &str, id: &str) -> Outgoing {
    let payload = serde_json::json!({ ID_FIELD: id, "number": 1 }).to_string();
    message(subject, topic, payload)
}

/// Somebody who listens, for topics on which a case only sends: there are brokers that refuse what
/// nobody would get.
pub(super) async fn listener<S: Subject>(
    subject: &S,
    topics: &[&str],
) -> Result<(Peer<S>, Vec<Subscription<S>>), Broken> {
    let peer = Peer::connect(subject).await?;
    let mut subscriptions = Vec::new();
    for topic in topics {
        subscriptions.push(peer.subscribe(topic).await?);
    }
    Ok((peer, subscriptions))
}

/// A topic for the envelope of a violation.
pub(super) fn on_topic(envelope: &Envelope, topic: &str) -> Result<(), Broken> {
    ensure(*envelope.topic == *topic, || {
        format!(
            "a message that was published to `{topic}` arrived as one of `{}`",
            Arc::clone(&envelope.topic)
        )
    })
}
