//! Takes payments from `payments`. What fails goes to `payments.retry` with a count, and is taken from there
//! again; after the third attempt it goes to `payments.dead`. Paid is said on `payments.done`.
//!
//! `kafka-retry-topic <brokers>`
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};

const MAX_ATTEMPTS: u64 = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let brokers = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:9092".to_owned());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let producer: FutureProducer = config.create()?;
    let consumer: StreamConsumer = config
        .set("group.id", "payments")
        // What came before the group has met for the first time counts, too.
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "true")
        .set("topic.metadata.refresh.interval.ms", "200")
        .set("fetch.wait.max.ms", "10")
        .create()?;
    consumer.subscribe(&["payments", "payments.retry"])?;
    println!("ready");

    loop {
        let message = match consumer.recv().await {
            // A topic comes into being with its first message, and may be asked for before.
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownTopicOrPartition)) => {
                continue;
            }
            received => received?,
        };
        let payment = serde_json::from_slice(message.payload().unwrap_or_default());
        let (topic, payment) = match payment {
            Ok(payment) => handle(payment),
            Err(error) => ("payments.dead", json!({ "error": error.to_string() })),
        };
        let payload = payment.to_string();
        let record = FutureRecord::to(topic).key("payment").payload(&payload);
        let sent = producer.send(record, Duration::from_secs(5)).await;
        sent.map_err(|(error, _)| error)?;
        // Only when what follows from it is kept does the payment count as read.
        consumer.commit_message(&message, CommitMode::Async)?;
    }
}

/// Where a payment goes next.
fn handle(mut payment: Value) -> (&'static str, Value) {
    let attempt = payment["attempt"].as_u64().unwrap_or(0) + 1;
    payment["attempt"] = json!(attempt);
    // Stands for a bank that answers at the given attempt only.
    let bank_answers = payment["bank_answers_at"].as_u64().unwrap_or(1);
    if attempt >= bank_answers {
        return ("payments.done", payment);
    }
    payment["error"] = json!("the bank did not answer");
    if attempt < MAX_ATTEMPTS {
        ("payments.retry", payment)
    } else {
        ("payments.dead", payment)
    }
}
