//! Reading as a member of a consumer group.

use std::collections::BTreeSet;
use std::time::Duration;

use choreo::transport::kafka::{Kafka, Start};
use choreo::transport::{Connection, ConnectionEvent, Transport};
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer};

use super::messages::in_partition_zero;
use super::support::{TestError, connect, create_topic, delivery, events, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("groups::a_group_reads_on_where_it_was", reads_on)
        .test("groups::topics_at_once_are_all_ready", || async {
            let server = KafkaServer::builder().start()?;
            at_once(Kafka::new(server.url())).await
        })
        .embedded_test(
            "groups::topics_at_once_are_all_ready_on_the_mock",
            || async {
                let mock = KafkaMock::start()?;
                at_once(Kafka::new(mock.url())).await
            },
        )
        .embedded_test("groups::a_topic_that_nobody_reads_rests", rests)
        .embedded_test(
            "groups::after_a_failed_subscribe_the_next_waits",
            failed_first,
        )
        .test("groups::nothing_is_lost_when_a_member_joins", joins)
        .test("groups::restored_means_that_the_group_has_met", restarted)
        .embedded_test("groups::a_cut_network_is_restored", cut)
}

fn member(kafka: Kafka) -> Kafka {
    kafka
        .group("readers")
        .connect_timeout(Duration::from_secs(20))
}

/// The mock cluster does not take a member back before its session has timed out.
async fn reads_on() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let kafka = Kafka::new(server.url());
    let publisher = connect(&kafka).await?;
    for number in 0..3 {
        publisher.publish(in_partition_zero(number)).await?;
    }
    let member = kafka
        .clone()
        .group("readers")
        .start(Start::Earliest)
        .connect_timeout(Duration::from_secs(20));
    for round in 0..2 {
        let connection = connect(&member).await?;
        let (deliver, mut seen) = delivery();
        let _subscription = connection.subscribe("a", deliver).await?;
        // Those that came while nobody read, and one that comes now.
        let last = 3 + round * 3;
        publisher.publish(in_partition_zero(last)).await?;
        let first = if round == 0 { 0 } else { 4 };
        for number in first..=last {
            assert_eq!(seen.next().await.payload, number.to_string(), "{round}");
        }
        connection.close().await;
        assert!(seen.is_empty());
        for number in last + 1..last + 3 {
            publisher.publish(in_partition_zero(number)).await?;
        }
    }
    Ok(())
}

/// What is published once a subscription is ready comes, whichever rebalance made it ready.
async fn at_once(kafka: Kafka) -> Result<(), TestError> {
    let publisher = connect(&kafka).await?;
    let reader = connect(&member(kafka)).await?;
    let ready = async |topic: &'static str| -> Result<(), TestError> {
        let (deliver, mut seen) = delivery();
        let subscription = reader.subscribe(topic, deliver).await?;
        publisher.publish(message(topic, topic)).await?;
        assert_eq!(seen.next().await.payload, topic);
        drop(subscription);
        Ok(())
    };
    let (a, b, c) = tokio::join!(ready("a"), ready("b"), ready("c"));
    a.and(b).and(c)
}

/// Nobody reads one of two topics for a while; the group does not meet for that.
async fn rests() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let kafka = Kafka::new(mock.url());
    let publisher = connect(&kafka).await?;
    let reader = connect(&member(kafka)).await?;
    let (deliver_a, mut seen_a) = delivery();
    let (deliver_b, mut seen_b) = delivery();
    let (_a, b) = tokio::join!(
        reader.subscribe("a", deliver_a),
        reader.subscribe("b", deliver_b.clone())
    );
    let mut b = b?;
    for round in 0..5 {
        publisher.publish(message("b", format!("{round}"))).await?;
        assert_eq!(seen_b.next().await.payload, format!("{round}"));
        drop(b);
        publisher.publish(message("a", format!("{round}"))).await?;
        assert_eq!(seen_a.next().await.payload, format!("{round}"));
        b = reader.subscribe("b", deliver_b.clone()).await?;
    }
    assert!(seen_b.is_empty());
    drop(b);
    Ok(())
}

/// The mock cluster waits for more members for three seconds.
async fn failed_first() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let kafka = Kafka::new(mock.url());
    let publisher = connect(&kafka).await?;
    publisher.publish(message("a", "old")).await?;
    let hasty = kafka
        .group("readers")
        .connect_timeout(Duration::from_millis(700));
    let reader = connect(&hasty).await?;
    let (deliver, mut seen) = delivery();
    let error = reader.subscribe("a", deliver.clone()).await.unwrap_err();
    assert!(
        error.to_string().contains("not been rebalanced in time"),
        "{error}"
    );
    let mut failed = 1;
    let _subscription = loop {
        match reader.subscribe("a", deliver.clone()).await {
            Ok(subscription) => break subscription,
            Err(_) if failed < 20 => failed += 1,
            Err(error) => return Err(error.into()),
        }
    };
    publisher.publish(message("a", "new")).await?;
    assert_eq!(seen.next().await.payload, "new");
    Ok(())
}

/// Nobody reads during the rebalance, and most topics have had no message before it.
async fn joins() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let topics: Vec<String> = (0..30).map(|number| format!("a.{number}")).collect();
    for topic in &topics {
        create_topic(&server.url(), topic, 1).await?;
    }
    let kafka = Kafka::new(server.url());
    let publisher = connect(&kafka).await?;
    let member = member(kafka);
    let (deliver, mut seen) = delivery();
    let first = connect(&member).await?;
    let _first = first.subscribe(r"^a\..*", deliver.clone()).await?;
    let second = connect(&member).await?;
    let joining = second.subscribe(r"^a\..*", deliver);
    let publishing = async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        for topic in &topics {
            tick.tick().await;
            publisher.publish(message(topic, "x")).await?;
        }
        Ok::<_, TestError>(())
    };
    let (second_subscription, published) = tokio::join!(joining, publishing);
    published?;
    let _second = second_subscription?;
    let mut missing: BTreeSet<&str> = topics.iter().map(String::as_str).collect();
    while !missing.is_empty() {
        let envelope = seen.next().await;
        missing.remove(&*envelope.topic);
    }
    first.close().await;
    second.close().await;
    Ok(())
}

/// The broker process forgets the group and the topic. A rebalance that comes later would lose messages.
async fn restarted() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    let (events, mut seen_events) = events();
    let reader = member(Kafka::new(server.url())).connect(events).await?;
    let (deliver, mut seen) = delivery();
    let _subscription = reader.subscribe("a", deliver).await?;
    server.restart()?;
    let lost = seen_events.next().await;
    assert!(matches!(lost, ConnectionEvent::Lost { .. }), "{lost:?}");
    assert_eq!(seen_events.next().await, ConnectionEvent::Restored);
    let publisher = connect(&Kafka::new(server.url())).await?;
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    for number in 0..30 {
        tick.tick().await;
        publisher.publish(in_partition_zero(number)).await?;
    }
    for number in 0..30 {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    reader.close().await;
    Ok(())
}

async fn cut() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let (events, mut seen_events) = events();
    let reader = member(Kafka::new(mock.url())).connect(events).await?;
    let (deliver, mut seen) = delivery();
    let _subscription = reader.subscribe("a", deliver).await?;
    let publisher = connect(&Kafka::new(mock.url())).await?;
    publisher.publish(message("a", "before")).await?;
    assert_eq!(seen.next().await.payload, "before");
    publisher.close().await;
    mock.down()?;
    let lost = seen_events.next().await;
    assert!(matches!(lost, ConnectionEvent::Lost { .. }), "{lost:?}");
    mock.up()?;
    // The mock cluster takes its time to forget a member.
    let restored = seen_events.next().await;
    assert_eq!(restored, ConnectionEvent::Restored);
    let publisher = connect(&Kafka::new(mock.url())).await?;
    publisher.publish(message("a", "after")).await?;
    assert_eq!(seen.next().await.payload, "after");
    reader.close().await;
    Ok(())
}
