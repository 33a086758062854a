//! `rdkafka`: a producer that waits for delivery reports, and a consumer without a group that is assigned the
//! topic's only partition. Both are set for quick delivery, with the values that Choreo uses.

use std::time::Duration;

use choreo::Value;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

#[derive(Clone)]
pub(crate) struct Publisher {
    producer: FutureProducer,
    topic: &'static str,
}

pub(crate) struct Subscriber(StreamConsumer);

fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("socket.nagle.disable", "true");
    config
}

/// Creates topics with one partition.
pub(crate) async fn create(brokers: &str, topics: &[&'static str]) {
    let admin: AdminClient<DefaultClientContext> =
        config(brokers).create().expect("valid settings");
    let topics: Vec<_> = topics
        .iter()
        .map(|topic| NewTopic::new(topic, 1, TopicReplication::Fixed(1)))
        .collect();
    let created = admin.create_topics(&topics, &AdminOptions::new()).await;
    for created in created.expect("the broker answers") {
        created.expect("the topic is new");
    }
}

/// The topic is there, and empty.
pub(crate) async fn connect(brokers: String, topic: &'static str) -> (Publisher, Subscriber) {
    let producer = config(&brokers)
        .set("linger.ms", "0")
        .set("max.in.flight.requests.per.connection", "1")
        .create()
        .expect("valid settings");
    let consumer: StreamConsumer = config(&brokers)
        .set("group.id", "raw")
        .set("enable.auto.commit", "false")
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", "5")
        .create()
        .expect("valid settings");
    let mut partitions = TopicPartitionList::new();
    partitions
        .add_partition_offset(topic, 0, Offset::Beginning)
        .expect("a valid offset");
    consumer.assign(&partitions).expect("an assignment");
    (Publisher { producer, topic }, Subscriber(consumer))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let record: FutureRecord<'_, [u8], _> = FutureRecord::to(self.topic).payload(&payload);
        let report = self.producer.send(record, Duration::from_secs(10)).await;
        report.expect("the broker takes it");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.recv().await.expect("the broker is there");
        super::decode(message.payload().expect("it has a payload"))
    }
}
