//! What goes in comes out, on the mock cluster and on a broker process.

use std::future::Future;
use std::time::SystemTime;

use bytes::Bytes;
use choreo::transport::kafka::{Kafka, Start};
use choreo::transport::{
    Connection, ConnectionEvent, Headers, Outgoing, Transport, TransportError,
};
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer};

use super::narrow::Narrow;
use super::support::{
    TestError, connect, create_topic, delivery, events, eventually, message, works,
};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    let tests = both(
        tests,
        "works",
        |kafka| async move { Ok(works(&kafka).await?) },
    );
    let tests = both(tests, "readiness_500_of_500", readiness);
    let tests = both(tests, "what_was_there_before_does_not_come", older);
    let tests = both(tests, "bytes_text_empty_and_a_mebibyte", payloads);
    let tests = both(tests, "key_headers_timestamp_tombstone", records);
    let tests = both(tests, "a_thousand_keep_their_order", order);
    let tests = both(tests, "two_subscriptions_get_everything", fan_out);
    let tests = both(tests, "regular_expressions", regexes);
    let tests = both(tests, "a_dropped_subscription_gets_nothing", dropped);
    let tests = both(tests, "what_kafka_cannot_take_is_refused", refused);
    let tests = both(tests, "starts", starts);
    let tests = both(tests, "missing_topics_may_be_forbidden", missing_topics);
    tests
        .embedded_test("messages::mock::partitions", partitions)
        .embedded_test("messages::mock::too_large_is_the_brokers_word", too_large)
        .embedded_test("messages::mock::three_brokers", three_brokers)
        .embedded_test(
            "messages::mock::partitions_added_to_a_live_topic_are_followed",
            grown,
        )
        .test("messages::server::start_at_a_time", start_time)
        .test(
            "messages::server::a_topic_that_comes_back_with_more_partitions",
            returned,
        )
}

/// A case on each kind of broker.
fn both<F, Fut>(tests: BrokerTests, name: &str, case: F) -> BrokerTests
where
    F: Fn(Kafka) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = Result<(), TestError>> + Send,
{
    tests
        .embedded_test(&format!("messages::mock::{name}"), move || async move {
            let mock = KafkaMock::start()?;
            case(Kafka::new(mock.url())).await
        })
        .test(&format!("messages::server::{name}"), move || async move {
            let server = KafkaServer::builder().start()?;
            case(Kafka::new(server.url())).await
        })
}

async fn readiness(kafka: Kafka) -> Result<(), TestError> {
    let subscriber = connect(&kafka).await?;
    let publisher = connect(&kafka).await?;
    for number in 0..500 {
        let (delivery, mut seen) = delivery();
        // Most of them on topics that are there, and were read a moment ago.
        let topic = format!("ready.{}", number % 25);
        let subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher
            .publish(message(&topic, number.to_string()))
            .await?;
        assert_eq!(seen.next().await.payload, number.to_string());
        drop(subscription);
    }
    subscriber.close().await;
    publisher.close().await;
    Ok(())
}

/// Also after batches, whose end the broker process reports too low.
async fn older(kafka: Kafka) -> Result<(), TestError> {
    let publisher = connect(&kafka).await?;
    for round in 0..5 {
        let batch = (0..50).map(|n| publisher.publish(keyed("a", "k", &format!("{round}.{n}"))));
        for published in join_all(batch).await {
            published?;
        }
        let subscriber = connect(&kafka).await?;
        let (delivery, mut seen) = delivery();
        let _subscription = subscriber.subscribe("a", delivery).await?;
        publisher.publish(keyed("a", "k", "new")).await?;
        assert_eq!(seen.next().await.payload, "new");
        assert!(seen.is_empty());
        subscriber.close().await;
    }
    Ok(())
}

async fn payloads(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("a", delivery).await?;
    let large: Bytes = (0..1_048_576_u32).map(|n| (n % 251) as u8).collect();
    for payload in [
        Bytes::from_static(b"\0\xff\xfe"),
        Bytes::from_static(r#"{"a": [1, "ü"]}"#.as_bytes()),
        Bytes::from_static("grüße".as_bytes()),
        Bytes::new(),
        large,
    ] {
        connection.publish(message("a", payload.clone())).await?;
        let envelope = seen.next().await;
        assert_eq!(envelope.payload, payload);
        assert_eq!(envelope.key, None);
        assert!(envelope.headers.is_empty());
        assert_eq!(envelope.metadata.get("tombstone"), Some(&false.into()));
    }
    Ok(())
}

fn keyed(topic: &str, key: &str, payload: &str) -> Outgoing {
    let mut message = message(topic, payload.to_owned());
    message.key = Some(Bytes::from(key.to_owned()));
    message
}

async fn records(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("a", delivery).await?;
    let mut sent = keyed("a", "key", "payload");
    sent.headers.append("trace", "1");
    sent.headers.append("trace", "2");
    sent.headers.append("empty", "");
    sent.metadata.set("timestamp", 1_700_000_000_123_i64);
    sent.metadata.set("partition", 0);
    connection.publish(sent.clone()).await?;
    let envelope = seen.next().await;
    assert_eq!(&*envelope.topic, "a");
    assert_eq!(envelope.key, sent.key);
    assert_eq!(envelope.headers, sent.headers);
    let metadata = &envelope.metadata;
    assert_eq!(metadata.get("partition"), Some(&0.into()));
    assert_eq!(metadata.get("offset"), Some(&0.into()));
    assert_eq!(
        metadata.get("timestamp"),
        Some(&1_700_000_000_123_i64.into())
    );
    assert_eq!(metadata.get("tombstone"), Some(&false.into()));

    let mut tombstone = keyed("a", "key", "");
    tombstone.metadata.set("tombstone", true);
    connection.publish(tombstone).await?;
    let envelope = seen.next().await;
    assert_eq!(envelope.key.as_deref(), Some(&b"key"[..]));
    assert_eq!(envelope.payload, "");
    assert_eq!(envelope.metadata.get("tombstone"), Some(&true.into()));
    Ok(())
}

async fn order(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("a", delivery).await?;
    // The first creates the topic for the publisher.
    connection.publish(keyed("a", "k", "first")).await?;
    assert_eq!(seen.next().await.payload, "first");
    let all = (0..1000).map(|n| connection.publish(keyed("a", "k", &n.to_string())));
    for published in join_all(all).await {
        published?;
    }
    for number in 0..1000 {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    Ok(())
}

/// Polls all of them in their order, so that they are sent in it.
async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    futures
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

async fn fan_out(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    let (one, mut ones) = delivery();
    let _one = connection.subscribe("a.b", one).await?;
    connection.publish(message("a.b", "1")).await?;
    assert_eq!(ones.next().await.payload, "1");
    let (two, mut twos) = delivery();
    let two = connection.subscribe(r"^a\..*", two).await?;
    connection.publish(message("a.b", "2")).await?;
    assert_eq!(ones.next().await.payload, "2");
    assert_eq!(twos.next().await.payload, "2");
    drop(two);
    connection.publish(message("a.b", "3")).await?;
    assert_eq!(ones.next().await.payload, "3");
    assert!(twos.is_empty());
    Ok(())
}

async fn regexes(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    connection.publish(message("orders.old", "before")).await?;
    connection.publish(message("other", "before")).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe(r"^orders\..*", delivery).await?;
    connection.publish(message("other", "x")).await?;
    connection.publish(message("orders.old", "1")).await?;
    let envelope = seen.next().await;
    assert_eq!(
        (&*envelope.topic, &*envelope.payload),
        ("orders.old", &b"1"[..])
    );
    // A topic that was not there.
    let stranger = connect(&kafka).await?;
    stranger.publish(message("orders.new", "2")).await?;
    let envelope = seen.next().await;
    assert_eq!(
        (&*envelope.topic, &*envelope.payload),
        ("orders.new", &b"2"[..])
    );
    assert!(seen.is_empty());
    Ok(())
}

async fn dropped(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    let (first, firsts) = delivery();
    let (second, mut seconds) = delivery();
    let first = connection.subscribe("a", first).await?;
    let _second = connection.subscribe("a", second).await?;
    drop(first);
    for number in 0..20 {
        connection
            .publish(keyed("a", "k", &number.to_string()))
            .await?;
        assert_eq!(seconds.next().await.payload, number.to_string());
    }
    assert!(firsts.is_empty());
    Ok(())
}

async fn refused(kafka: Kafka) -> Result<(), TestError> {
    let connection = connect(&kafka).await?;
    for topic in ["", "..", "a b", "orders.*", "^(", "a\0b"] {
        assert!(connection.check_topic(topic).is_err(), "{topic:?}");
        let error = connection.subscribe(topic, delivery().0).await.unwrap_err();
        assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    }
    for topic in ["", "a b", "^a", "a\0b"] {
        let error = connection.publish(message(topic, "")).await.unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    }
    let mut headers = Headers::new();
    headers.append("a\0b", "secret");
    let mut sent = message("a", "");
    sent.headers = headers;
    let text = connection.publish(sent).await.unwrap_err().to_string();
    assert!(text.contains("NUL") && !text.contains("secret"), "{text}");
    let mut sent = message("a", "");
    sent.metadata.set("partition", 99);
    let text = connection.publish(sent).await.unwrap_err().to_string();
    assert!(text.contains("no partition of that number"), "{text}");

    let small = connect(&kafka.max_message_bytes(2_000)).await?;
    let error = small
        .publish(message("a", vec![7; 3_000]))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Message size too large"), "{text}");
    // Only that message was refused.
    small.publish(message("a", "small")).await?;
    Ok(())
}

async fn starts(kafka: Kafka) -> Result<(), TestError> {
    let publisher = connect(&kafka).await?;
    for number in 0..5 {
        publisher.publish(in_partition_zero(number)).await?;
    }
    for (start, expected) in [
        (Start::End, 5..6),
        (Start::Earliest, 0..7),
        (Start::Offset(3), 3..8),
    ] {
        let connection = connect(&kafka.clone().start(start)).await?;
        let (first, mut seen) = delivery();
        let _subscription = connection.subscribe("a", first).await?;
        let last = expected.end - 1;
        publisher.publish(in_partition_zero(last)).await?;
        let first_number = if start == Start::End {
            last
        } else {
            expected.start
        };
        for number in first_number..=last {
            assert_eq!(seen.next().await.payload, number.to_string(), "{start:?}");
        }
        // One that comes later begins at the same place, and does not disturb the other.
        let (second, mut again) = delivery();
        let _second = connection.subscribe("a", second).await?;
        if start != Start::End {
            for number in expected {
                assert_eq!(again.next().await.payload, number.to_string(), "{start:?}");
            }
        }
        assert!(seen.is_empty() && again.is_empty(), "{start:?}");
        connection.close().await;
    }
    Ok(())
}

pub(crate) fn in_partition_zero(number: u32) -> Outgoing {
    to("a", 0, &number.to_string())
}

fn to(topic: &str, partition: i32, payload: &str) -> Outgoing {
    let mut sent = message(topic, payload.to_owned());
    sent.metadata.set("partition", partition);
    sent
}

/// The mock cluster does not look at times.
#[expect(
    clippy::disallowed_methods,
    reason = "messages have times by the wall clock"
)]
async fn start_time() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let kafka = Kafka::new(server.url());
    let publisher = connect(&kafka).await?;
    publisher.publish(in_partition_zero(0)).await?;
    // The broker counts in milliseconds.
    let stored = SystemTime::now();
    eventually("a few milliseconds have passed", || {
        stored.elapsed().is_ok_and(|passed| passed.as_millis() > 5)
    })
    .await;
    let between = SystemTime::now();
    publisher.publish(in_partition_zero(1)).await?;
    for (time, expected) in [(SystemTime::UNIX_EPOCH, "0"), (between, "1")] {
        let connection = connect(&kafka.clone().start(Start::Time(time))).await?;
        let (first, mut seen) = delivery();
        let _subscription = connection.subscribe("a", first).await?;
        assert_eq!(seen.next().await.payload, expected);
        connection.close().await;
    }
    Ok(())
}

async fn missing_topics(kafka: Kafka) -> Result<(), TestError> {
    let strict = connect(&kafka.clone().create_topics(false)).await?;
    let error = strict.subscribe("a", delivery().0).await.unwrap_err();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    assert!(
        error.to_string().contains("there is no such topic"),
        "{error}"
    );
    let error = strict.publish(message("a", "x")).await.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    assert!(
        error.to_string().contains("there is no such topic"),
        "{error}"
    );
    let generous = connect(&kafka).await?;
    generous.publish(message("a", "x")).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = strict.subscribe("a", delivery).await?;
    strict.publish(message("a", "y")).await?;
    assert_eq!(seen.next().await.payload, "y");
    Ok(())
}

async fn partitions() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    mock.create_topic("a", 3)?;
    let connection = connect(&Kafka::new(mock.url())).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("a", delivery).await?;
    for partition in 0..3 {
        connection.publish(to("a", partition, "x")).await?;
        let envelope = seen.next().await;
        assert_eq!(envelope.metadata.get("partition"), Some(&partition.into()));
    }
    Ok(())
}

async fn too_large() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let connection = connect(&Kafka::new(mock.url())).await?;
    connection.publish(message("a", "x")).await?;
    mock.refuse_as_too_large(1)?;
    let error = connection.publish(message("a", "x")).await.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("Broker: Message size too large") && text.contains("max_message_bytes"),
        "{text}"
    );
    connection.publish(message("a", "x")).await?;
    Ok(())
}

async fn three_brokers() -> Result<(), TestError> {
    let mock = KafkaMock::start_with(3)?;
    let kafka = Kafka::new(mock.url());
    readiness(kafka.clone()).await?;
    order(kafka).await
}

/// Also when they are read by a regular expression; from their first message.
async fn grown() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let publisher = connect(&Kafka::new(mock.url())).await?;
    for (topic, pattern) in [("a", "a"), ("b", "^b$")] {
        mock.create_topic(topic, 3)?;
        let narrow = Narrow::start(mock.url()).await?;
        let (events, seen_events) = events();
        let strict = Kafka::new(narrow.address()).create_topics(false);
        let connection = strict.connect(events).await?;
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe(pattern, delivery).await?;
        for (partition, payload) in [(2, "before"), (0, "shown")] {
            publisher.publish(to(topic, partition, payload)).await?;
        }
        assert_eq!(seen.next().await.payload, "shown");
        assert!(seen.is_empty());
        narrow.show_all();
        publisher.publish(to(topic, 2, "after")).await?;
        for payload in ["before", "after"] {
            let envelope = seen.next().await;
            assert_eq!(envelope.payload, payload);
            assert_eq!(envelope.metadata.get("partition"), Some(&2.into()));
        }
        assert!(seen_events.is_empty());
        connection.close().await;
    }
    Ok(())
}

/// After the broker was away, and the topic was made anew.
async fn returned() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    create_topic(&server.url(), "a", 1).await?;
    let (events, mut seen_events) = events();
    let strict = Kafka::new(server.url()).create_topics(false);
    let connection = strict.connect(events).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("a", delivery).await?;
    server.restart()?;
    create_topic(&server.url(), "a", 3).await?;
    assert!(matches!(
        seen_events.next().await,
        ConnectionEvent::Lost { .. }
    ));
    let publisher = connect(&Kafka::new(server.url())).await?;
    assert_eq!(seen_events.next().await, ConnectionEvent::Restored);
    for partition in [2, 1, 0] {
        publisher.publish(to("a", partition, "x")).await?;
        let envelope = seen.next().await;
        assert_eq!(envelope.metadata.get("partition"), Some(&partition.into()));
    }
    Ok(())
}
