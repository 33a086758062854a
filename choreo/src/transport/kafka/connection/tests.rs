//! What a connection holds of its broker. The broker cannot tell who reads a partition without a group.

use std::collections::BTreeSet;

use rdkafka::consumer::Consumer as _;

use super::super::Kafka;
use super::super::mock::Mock;
use super::*;
use crate::transport::{ConnectionEvents, Transport as _};

const BOUND: Duration = Duration::from_secs(30);

/// Waits until the client reads partitions of these topics only.
async fn reads(connection: &KafkaConnection, expected: &[&str]) {
    let reading = connection.reading().expect("an open connection");
    let assigned = || -> Vec<String> {
        let assignment = reading.cluster.consumer.assignment();
        let assignment = assignment.expect("a consumer that is alive");
        let elements = assignment.elements();
        let topics = elements
            .iter()
            .map(|partition| partition.topic().to_owned());
        // A topic may have several partitions.
        topics.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let waited = tokio::time::timeout(BOUND, async {
        while assigned() != expected || reading.routes.topics().len() != expected.len() {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "it still reads {:?}", assigned());
}

#[tokio::test]
async fn ended_subscriptions_leave_no_partition() {
    let mock = Mock::start(1).expect("a cluster");
    let kafka = Kafka::new(mock.brokers());
    let connection = kafka.connect(ConnectionEvents::new(|_| ())).await;
    let connection = connection.expect("a connection");
    let subscribe = async |topic: &str| {
        let subscribed = connection.subscribe(topic, Delivery::new(|_| ())).await;
        subscribed.expect("a subscription")
    };
    let kept = subscribe("kept").await;
    for number in 0..200 {
        // Mostly one that an earlier subscription may still be giving up.
        drop(subscribe(&format!("topic.{}", number % 20)).await);
    }
    reads(&connection, &["kept"]).await;
    drop(kept);
    reads(&connection, &[]).await;
    connection.close().await;
}
