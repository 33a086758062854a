//! What a transport brings, recorded: messages and events, with bounded waits.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use choreo::transport::{
    Connection, ConnectionEvent, ConnectionEvents, Delivery, Envelope, Outgoing, Transport,
    TransportError,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::SENTINEL;

const BOUND: Duration = Duration::from_secs(10);

/// What a delivery or the events have brought, in order.
#[derive(Debug)]
pub struct Seen<T>(UnboundedReceiver<T>);

impl<T> Seen<T> {
    /// The next one.
    ///
    /// # Panics
    ///
    /// When none comes in 10 s.
    pub async fn next(&mut self) -> T {
        timeout(BOUND, self.0.recv())
            .await
            .expect("nothing came in 10 s")
            .expect("an open channel")
    }

    /// Whether nothing waits to be looked at.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A delivery, and what it brings.
pub fn delivery() -> (Delivery, Seen<Envelope>) {
    let (sender, receiver) = unbounded_channel();
    (
        Delivery::new(move |envelope| drop(sender.send(envelope))),
        Seen(receiver),
    )
}

/// A place for a connection's events, and what comes there.
pub fn events() -> (ConnectionEvents, Seen<ConnectionEvent>) {
    let (sender, receiver) = unbounded_channel();
    (
        ConnectionEvents::new(move |event| drop(sender.send(event))),
        Seen(receiver),
    )
}

/// Connects; nobody looks at the events.
///
/// # Errors
///
/// Those of the transport.
pub async fn connect<T: Transport>(transport: &T) -> Result<T::Connection, TransportError> {
    transport.connect(events().0).await
}

/// A message without key, headers and metadata.
pub fn message(topic: &str, payload: impl Into<Bytes>) -> Outgoing {
    Outgoing::new(topic, payload)
}

/// Connects, and sends one message to itself.
///
/// # Errors
///
/// Those of the transport.
///
/// # Panics
///
/// When another message comes, or none.
pub async fn works<T: Transport>(transport: &T) -> Result<(), TransportError> {
    let connection = connect(transport).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("works", delivery).await?;
    connection.publish(message("works", "hello")).await?;
    assert_eq!(seen.next().await.payload, "hello");
    connection.close().await;
    Ok(())
}

/// The error of a connect, after making sure that it and the transport show no credential.
///
/// # Panics
///
/// When there is none, or it shows one.
pub async fn refusal<T: Transport + Debug>(transport: &T) -> TransportError {
    let error = match connect(transport).await {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error,
    };
    let shown = format!("{error} {error:?} {error:#?} {transport:?} {transport:#?}");
    assert!(!shown.contains(SENTINEL), "{shown}");
    error
}

/// Waits until a condition holds; for what nothing reports.
///
/// # Panics
///
/// When it does not in 10 s.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    let waited = timeout(BOUND, async {
        while !condition() {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "{what}: not in 10 s");
}
