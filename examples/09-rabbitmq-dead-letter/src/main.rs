//! A worker that ships orders from the queue `shipping`. An order that cannot be shipped it rejects, and
//! RabbitMQ puts it into the queue `shipping.dead`.
//!
//! `rabbitmq-dead-letter <AMQP URL>`
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;

use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicRejectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use serde_json::{Value, json};

const EXCHANGE: &str = "orders";
const QUEUE: &str = "shipping";
const DEAD: &str = "shipping.dead";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "amqp://127.0.0.1:5672".to_owned());
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    declare(&channel).await?;
    let mut orders = channel
        .basic_consume(
            QUEUE.into(),
            "worker".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    println!("ready");

    while let Some(order) = orders.next().await {
        let order = order?;
        let Some(shipped) = ship(&order.data) else {
            order.reject(BasicRejectOptions { requeue: false }).await?;
            continue;
        };
        let payload = shipped.to_string();
        channel
            .basic_publish(
                EXCHANGE.into(),
                "order.shipped".into(),
                BasicPublishOptions::default(),
                payload.as_bytes(),
                BasicProperties::default(),
            )
            .await?;
        order.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

/// The exchange, the worker's queue, and where its rejected messages go.
async fn declare(channel: &Channel) -> lapin::Result<()> {
    let plain = FieldTable::default;
    channel
        .exchange_declare(
            EXCHANGE.into(),
            ExchangeKind::Topic,
            ExchangeDeclareOptions::default(),
            plain(),
        )
        .await?;
    channel
        .queue_declare(DEAD.into(), QueueDeclareOptions::default(), plain())
        .await?;
    let mut dead_letters = plain();
    let text = |text: &str| AMQPValue::LongString(text.into());
    // The default exchange delivers to the queue that the routing key names.
    dead_letters.insert("x-dead-letter-exchange".into(), text(""));
    dead_letters.insert("x-dead-letter-routing-key".into(), text(DEAD));
    channel
        .queue_declare(QUEUE.into(), QueueDeclareOptions::default(), dead_letters)
        .await?;
    channel
        .queue_bind(
            QUEUE.into(),
            EXCHANGE.into(),
            "order.paid".into(),
            QueueBindOptions::default(),
            plain(),
        )
        .await
}

/// None for an order without an address.
fn ship(payload: &[u8]) -> Option<Value> {
    let order: Value = serde_json::from_slice(payload).ok()?;
    let address = order["address"].as_str()?;
    Some(json!({
        "id": order["id"],
        "label": format!("to {address}"),
        "correlation_id": order["correlation_id"],
    }))
}
