//! Figures: a round trip through the transport beside one through the bare client with the same settings.
//! `cargo run --release -p choreo-test-kafka --example latency`
#![expect(clippy::print_stdout, reason = "it is a program that prints figures")]

use std::time::{Duration, Instant};

use choreo::transport::kafka::Kafka;
use choreo::transport::{Connection, ConnectionEvents, Delivery, Outgoing, Transport};
use choreo_test_brokers::{KafkaMock, KafkaServer, TestError};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const ROUNDS: usize = 500;

#[tokio::main]
async fn main() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    mock.create_topic("latency", 1)?;
    mock.create_topic("raw", 1)?;
    compare("mock cluster", &mock.url()).await?;
    if KafkaServer::is_installed() {
        let server = KafkaServer::builder().start()?;
        compare("broker process", &server.url()).await?;
    }
    Ok(())
}

async fn compare(what: &str, url: &str) -> Result<(), TestError> {
    let (ours, subscribing) = ours(url).await?;
    let raw = raw(url).await?;
    println!(
        "{what}: Choreo {:?} (p99 {:?}), bare client {:?} (p99 {:?}), subscribe {:?}",
        middle(&ours, 50),
        middle(&ours, 99),
        middle(&raw, 50),
        middle(&raw, 99),
        middle(&subscribing, 50),
    );
    Ok(())
}

fn middle(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

async fn ours(url: &str) -> Result<(Vec<Duration>, Vec<Duration>), TestError> {
    let events = ConnectionEvents::new(|_| {});
    let connection = Kafka::new(url).connect(events).await?;
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let deliver = Delivery::new(move |envelope| drop(sender.send(envelope)));
    let subscription = connection.subscribe("latency", deliver).await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        connection.publish(Outgoing::new("latency", "x")).await?;
        let envelope = seen.recv().await.ok_or("the connection ended")?;
        times.push(envelope.received_at - start);
    }
    drop(subscription);
    // Creates the topic of the bare client.
    connection.publish(Outgoing::new("raw", "x")).await?;
    let mut subscribing = Vec::new();
    for number in 0..50 {
        let start = Instant::now();
        let topic = format!("subscribe.{}", number % 10);
        let _subscription = connection.subscribe(&topic, Delivery::new(|_| {})).await?;
        subscribing.push(start.elapsed());
    }
    connection.close().await;
    Ok((times, subscribing))
}

async fn raw(url: &str) -> Result<Vec<Duration>, TestError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", url)
        .set("socket.nagle.disable", "true");
    let producer: FutureProducer = config.clone().set("linger.ms", "0").create()?;
    let record = FutureRecord::<[u8], [u8]>::to("raw").payload(&b"x"[..]);
    producer
        .send(record, Duration::ZERO)
        .await
        .map_err(|(error, _)| error)?;
    let consumer: BaseConsumer = config
        .set("group.id", "raw")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "5")
        .set("fetch.min.bytes", "1")
        .create()?;
    let metadata = consumer.fetch_metadata(Some("raw"), Duration::from_secs(5))?;
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        let (_, high) = consumer.fetch_watermarks("raw", partition.id(), Duration::from_secs(5))?;
        list.add_partition_offset("raw", partition.id(), Offset::Offset(high))?;
    }
    consumer.assign(&list)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let record = FutureRecord::<[u8], [u8]>::to("raw").payload(&b"x"[..]);
        producer
            .send(record, Duration::ZERO)
            .await
            .map_err(|(error, _)| error)?;
        let polled = tokio::task::block_in_place(|| consumer.poll(Duration::from_secs(5)));
        polled.ok_or("nothing came")??;
        times.push(start.elapsed());
    }
    Ok(times)
}
