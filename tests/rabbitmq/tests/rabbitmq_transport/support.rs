//! What the tests share: one broker, recording of messages and events with bounded waits, and a system
//! under test that talks AMQP by itself.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use choreo::transport::rabbitmq::{Rabbit, RabbitConnection};
use choreo::transport::{
    Connection, ConnectionEvent, ConnectionEvents, Delivery, Envelope, Outgoing, Transport,
    TransportError,
};
use choreo_test_brokers::{RabbitServer, RabbitUser, StartError};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

pub(crate) use choreo_test_brokers::TestError;

/// Stands in every credential; must show nowhere.
pub(crate) const SENTINEL: &str = "s3ntinel";

const BOUND: Duration = Duration::from_secs(10);

static SHARED: Mutex<Option<Arc<RabbitServer>>> = Mutex::new(None);

/// The broker of all tests that do not harm it: `guest` may do everything, `me` is restricted.
pub(crate) fn shared() -> Result<Arc<RabbitServer>, StartError> {
    let mut shared = SHARED.lock().unwrap();
    if let Some(server) = &*shared {
        return Ok(Arc::clone(server));
    }
    let restricted = RabbitUser::new("me", &password());
    let server = RabbitServer::builder()
        .vhost("a/b")
        .user(RabbitUser::new("guest", "guest"))
        .user(restricted.in_vhost("/").may(
            "^(choreo|amq\\.gen.*|open.*)$",
            "^(choreo|amq\\.gen.*|open.*)$",
            "^(choreo|amq\\.gen.*|open.*)$",
        ))
        .max_message_size(2_000_000)
        .start()?;
    Ok(Arc::clone(shared.insert(Arc::new(server))))
}

/// Nothing stops it otherwise: statics are not dropped.
pub(crate) fn stop_shared() {
    drop(SHARED.lock().unwrap().take());
}

/// The password of `me`, with characters that a URL has to encode.
pub(crate) fn password() -> String {
    format!("p@ss/{SENTINEL}")
}

/// Runs cases at the same time on one broker, and names those that fail.
pub(crate) struct Cases {
    running: Vec<(&'static str, tokio::task::JoinHandle<Result<(), TestError>>)>,
}

impl Cases {
    pub(crate) fn new() -> Self {
        Self {
            running: Vec::new(),
        }
    }

    pub(crate) fn case(
        mut self,
        name: &'static str,
        case: impl Future<Output = Result<(), TestError>> + Send + 'static,
    ) -> Self {
        self.running.push((name, tokio::spawn(case)));
        self
    }

    pub(crate) async fn judge(self) -> Result<(), TestError> {
        let mut failed = Vec::new();
        for (name, case) in self.running {
            match case.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed.push(format!("{name}: {error}")),
                Err(error) => failed.push(format!("{name}: {error}")),
            }
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed.join("\n").into())
        }
    }
}

/// What a delivery or the events have brought, in order.
pub(crate) struct Seen<T>(UnboundedReceiver<T>);

impl<T> Seen<T> {
    pub(crate) async fn next(&mut self) -> T {
        timeout(BOUND, self.0.recv())
            .await
            .expect("nothing came in 10 s")
            .expect("an open channel")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(crate) fn delivery() -> (Delivery, Seen<Envelope>) {
    let (sender, receiver) = unbounded_channel();
    (
        Delivery::new(move |envelope| drop(sender.send(envelope))),
        Seen(receiver),
    )
}

pub(crate) fn events() -> (ConnectionEvents, Seen<ConnectionEvent>) {
    let (sender, receiver) = unbounded_channel();
    (
        ConnectionEvents::new(move |event| drop(sender.send(event))),
        Seen(receiver),
    )
}

pub(crate) async fn connect(rabbit: &Rabbit) -> Result<RabbitConnection, TransportError> {
    rabbit.connect(events().0).await
}

/// A connection with an exchange that no other test has.
pub(crate) async fn own(
    server: &RabbitServer,
    exchange: &str,
) -> Result<RabbitConnection, TransportError> {
    connect(&Rabbit::new(server.url()).exchange(exchange)).await
}

pub(crate) fn message(topic: &str, payload: impl Into<Bytes>) -> Outgoing {
    Outgoing::new(topic, payload)
}

/// Connects, and sends one message to itself.
pub(crate) async fn works(rabbit: &Rabbit) -> Result<(), TransportError> {
    let connection = connect(rabbit).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("works", delivery).await?;
    connection.publish(message("works", "hello")).await?;
    assert_eq!(seen.next().await.payload, "hello");
    connection.close().await;
    Ok(())
}

/// The error of a connect, after making sure that it and the transport show no credential.
pub(crate) async fn refusal(rabbit: &Rabbit) -> TransportError {
    let error = match connect(rabbit).await {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error,
    };
    let shown = format!("{error} {error:?} {error:#?} {rabbit:?} {rabbit:#?}");
    assert!(!shown.contains(SENTINEL), "{shown}");
    error
}

/// A channel of the system under test.
pub(crate) async fn system(server: &RabbitServer) -> lapin::Result<lapin::Channel> {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&server.url(), properties).await?;
    // The channel keeps the connection open.
    connection.create_channel().await
}

/// Declares a queue of the system under test that ends with its connection.
pub(crate) async fn declare(
    channel: &lapin::Channel,
    queue: &str,
    arguments: lapin::types::FieldTable,
) -> lapin::Result<()> {
    let options = lapin::options::QueueDeclareOptions::default();
    channel
        .queue_declare(queue.into(), options, arguments)
        .await?;
    Ok(())
}

/// Waits until a condition holds; for what nothing reports.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let waited = timeout(BOUND, async {
        while !condition() {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "{what}: not in 10 s");
}
