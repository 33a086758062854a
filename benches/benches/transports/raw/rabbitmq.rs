//! `lapin`: a confirmed and mandatory publish, and a consumer without acknowledgements on a queue of its own.

use choreo::Value;
use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer};
use std::sync::Arc;

/// A topic exchange that every server has.
const EXCHANGE: &str = "amq.topic";

#[derive(Clone)]
pub(crate) struct Publisher {
    channel: Channel,
    topic: &'static str,
    /// Ends with its last owner.
    _connection: Arc<Connection>,
}

pub(crate) struct Subscriber(Consumer);

pub(crate) async fn connect(url: String, topic: &'static str) -> (Publisher, Subscriber) {
    let connection = Connection::connect(&url, ConnectionProperties::default())
        .await
        .expect("the server is up");
    let receiving = connection.create_channel().await.expect("a channel");
    let declared = receiving
        .queue_declare(
            ShortString::default(),
            QueueDeclareOptions {
                exclusive: true,
                auto_delete: true,
                ..QueueDeclareOptions::default()
            },
            FieldTable::default(),
        )
        .await
        .expect("a queue");
    receiving
        .queue_bind(
            declared.name().clone(),
            EXCHANGE.into(),
            topic.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("a binding");
    let consumer = receiving
        .basic_consume(
            declared.name().clone(),
            ShortString::default(),
            BasicConsumeOptions {
                no_ack: true,
                ..BasicConsumeOptions::default()
            },
            FieldTable::default(),
        )
        .await
        .expect("a consumer");
    let channel = connection.create_channel().await.expect("a channel");
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .expect("confirmations");
    let publisher = Publisher {
        channel,
        topic,
        _connection: Arc::new(connection),
    };
    (publisher, Subscriber(consumer))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let confirmed = self
            .channel
            .basic_publish(
                EXCHANGE.into(),
                self.topic.into(),
                options,
                &payload,
                BasicProperties::default(),
            )
            .await
            .expect("the server takes it")
            .await
            .expect("the server confirms it");
        assert!(matches!(confirmed, Confirmation::Ack(None)), "it arrived");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.next().await.expect("the consumer is there");
        super::decode(&message.expect("the connection is up").data)
    }
}
