//! What the tests share: one broker, and a system under test that talks AMQP by itself.

use std::future::Future;
use std::sync::{Arc, Mutex};

use choreo::transport::TransportError;
use choreo::transport::rabbitmq::{Rabbit, RabbitConnection};
use choreo_test_brokers::{RabbitServer, RabbitUser, StartError};

pub(crate) use choreo_test_brokers::recording::{
    connect, delivery, events, eventually, message, refusal, works,
};
pub(crate) use choreo_test_brokers::{SENTINEL, TestError};

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

/// A connection with an exchange that no other test has.
pub(crate) async fn own(
    server: &RabbitServer,
    exchange: &str,
) -> Result<RabbitConnection, TransportError> {
    connect(&Rabbit::new(server.url()).exchange(exchange)).await
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
