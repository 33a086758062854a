//! What the tests ask the server, past the transport.

use std::time::Duration;

use async_nats::Client;
use choreo::transport::nats::JetStream;
use choreo_test_brokers::NatsServer;
use serde_json::{Value, json};

use super::support::TestError;

/// A server with the stream `ORDERS`.
pub(crate) fn with_orders() -> Result<(NatsServer, JetStream), TestError> {
    let server = NatsServer::builder().jetstream().start()?;
    let transport = JetStream::new(server.url()).stream("ORDERS", ["orders.>"]);
    Ok((server, transport))
}

pub(crate) async fn raw(server: &NatsServer) -> Result<Client, TestError> {
    Ok(async_nats::connect(server.url()).await?)
}

/// Asks JetStream.
pub(crate) async fn ask(raw: &Client, operation: &str, body: Value) -> Result<Value, TestError> {
    let subject = format!("$JS.API.{operation}");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = raw.request(subject, body.into()).await?;
    let answer: Value = serde_json::from_slice(&answer.payload)?;
    match answer.get("error") {
        None => Ok(answer),
        Some(error) => Err(format!("{operation}: {error}").into()),
    }
}

/// Creates a stream with more than the transport's own settings.
pub(crate) async fn create_stream(
    raw: &Client,
    name: &str,
    subjects: &[&str],
    settings: Value,
) -> Result<(), TestError> {
    let mut config = json!({ "name": name, "subjects": subjects, "storage": "memory" });
    for (key, value) in settings.as_object().unwrap() {
        config[key] = value.clone();
    }
    ask(raw, &format!("STREAM.CREATE.{name}"), config)
        .await
        .map(drop)
}

/// The names of a stream's consumers.
pub(crate) async fn consumers(raw: &Client, stream: &str) -> Result<Vec<String>, TestError> {
    let answer = ask(raw, &format!("CONSUMER.NAMES.{stream}"), Value::Null).await?;
    let names = answer["consumers"].as_array().cloned().unwrap_or_default();
    Ok(names
        .iter()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect())
}

/// Waits until a stream has so many consumers.
pub(crate) async fn until_consumers(
    raw: &Client,
    stream: &str,
    count: usize,
) -> Result<(), TestError> {
    let counted = async {
        while consumers(raw, stream).await?.len() != count {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    // Below the 5 s after which the server deletes by itself.
    tokio::time::timeout(Duration::from_secs(4), counted)
        .await
        .map_err(|_| format!("`{stream}` has not come to {count} consumers"))?
}
