//! Figures, not claims: a round trip through the transport beside one through the bare client with the
//! same settings. Run with `--ignored --nocapture latency`.

use std::time::{Duration, Instant};

use choreo::transport::Connection;
use choreo::transport::kafka::Kafka;
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::support::{TestError, connect, delivery, message};

const ROUNDS: usize = 300;

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("latency::mock", || async {
            let mock = KafkaMock::start()?;
            mock.create_topic("latency", 1)?;
            mock.create_topic("raw", 1)?;
            compare("mock cluster", &mock.url()).await
        })
        .test("latency::server", || async {
            let server = KafkaServer::builder().start()?;
            compare("broker process", &server.url()).await
        })
}

async fn compare(what: &str, url: &str) -> Result<(), TestError> {
    let (ours, subscribing) = ours(url).await?;
    let raw = raw(url).await?;
    eprintln!(
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
    let connection = connect(&Kafka::new(url)).await?;
    let (deliver, mut seen) = delivery();
    let subscription = connection.subscribe("latency", deliver).await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        connection.publish(message("latency", "x")).await?;
        let envelope = seen.next().await;
        times.push(envelope.received_at - start);
    }
    drop(subscription);
    // Creates the topic of the bare client.
    connection.publish(message("raw", "x")).await?;
    let mut subscribing = Vec::new();
    for number in 0..50 {
        let start = Instant::now();
        let topic = format!("subscribe.{}", number % 10);
        let _subscription = connection.subscribe(&topic, delivery().0).await?;
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
