//! Takes payments from `payments`. What fails goes to `payments.retry` with a count, and is taken from there
//! again; after the third attempt it goes to `payments.dead`. Paid is said on `payments.done`.
//!
//! `kafka-retry-topic <brokers>`
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use serde_json::{Value, json};

const MAX_ATTEMPTS: u64 = 3;
/// How long one question to the cluster may take.
const STEP: Duration = Duration::from_secs(5);
/// How long a topic may take to come into being.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let brokers = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:9092".to_owned());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let producer: FutureProducer = config.create()?;
    let topics = ["payments", "payments.retry"];
    for topic in topics {
        await_topic(&producer, topic).await?;
    }
    let consumer: StreamConsumer = config
        .set("group.id", "payments")
        // What came before the group has met for the first time counts, too.
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "10")
        .create()?;
    consumer.subscribe(&topics)?;
    println!("ready");

    loop {
        let message = consumer.recv().await?;
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

/// A group that meets before its topics are there has nothing to share out. Asking for a topic creates it
/// where the cluster allows that.
async fn await_topic(producer: &FutureProducer, topic: &'static str) -> Result<(), Box<dyn Error>> {
    let there = async {
        // The client tells nobody when a topic comes into being.
        let mut questions = tokio::time::interval(Duration::from_millis(50));
        loop {
            questions.tick().await;
            let producer = producer.clone();
            let ask = move || producer.client().fetch_metadata(Some(topic), STEP);
            let answer = tokio::task::spawn_blocking(ask).await??;
            let partitions = answer.topics().iter().map(|topic| topic.partitions().len());
            if partitions.sum::<usize>() > 0 {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(PATIENCE, there)
        .await
        .unwrap_or_else(|_| Err(format!("the topic `{topic}` is not there").into()))
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
