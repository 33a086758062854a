//! Messages that go through streams.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use choreo::transport::nats::{JetStream, Start};
use choreo::transport::{Connection, Headers, Outgoing, Transport, TransportError};
use choreo_test_brokers::{BrokerTests, NatsServer};
use serde_json::json;

use super::server::{ask, consumers, create_stream, raw, until_consumers, with_orders};
use super::support::{TestError, connect, delivery, events, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test(
            "messages::a_subscription_is_live_when_it_says_so",
            readiness,
        )
        .test("messages::every_payload_survives", payloads)
        .test("messages::headers_and_metadata_survive", headers)
        .test("messages::wildcards_keep_the_concrete_subject", wildcards)
        .test(
            "messages::a_pattern_over_several_streams_reads_them_all",
            several_streams,
        )
        .test("messages::order_is_kept_and_nothing_is_lost", order)
        .test("messages::a_slow_receiver_loses_nothing", flow_control)
        .test("messages::a_subscription_starts_where_it_is_told", starts)
        .test(
            "messages::a_subject_without_a_stream_is_an_error",
            no_stream,
        )
        .test(
            "messages::what_a_stream_refuses_is_an_error",
            refused_by_stream,
        )
        .test("messages::what_jetstream_does_not_have_is_refused", refused)
        .test("messages::a_message_id_is_stored_once", message_id)
        .test(
            "messages::a_stream_that_is_there_stays_as_it_is",
            existing_stream,
        )
        .test(
            "messages::subscriptions_leave_no_consumer",
            no_consumer_left,
        )
}

async fn readiness() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let subscriber = connect(&transport).await?;
    let publisher = raw(&server).await?;
    for round in 0..500 {
        let topic = format!("orders.ready.{round}");
        let (delivery, mut seen) = delivery();
        let _subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher
            .publish(topic.clone(), topic.clone().into())
            .await?;
        publisher.flush().await?;
        assert_eq!(*seen.next().await.topic, *topic);
    }
    Ok(())
}

async fn payloads() -> Result<(), TestError> {
    let server = NatsServer::builder()
        .jetstream()
        .max_payload(1_048_576)
        .start()?;
    let transport = JetStream::new(server.url()).stream("ORDERS", ["orders.>"]);
    let (subscriber, publisher) = (connect(&transport).await?, connect(&transport).await?);
    let (delivery, mut seen) = delivery();
    let _subscription = subscriber.subscribe("orders.new", delivery).await?;
    for payload in [
        Bytes::new(),
        Bytes::from_static(b"text \xc3\xbc"),
        Bytes::from(json!({ "a": [1, null] }).to_string()),
        Bytes::from((0..=255).collect::<Vec<u8>>()),
        Bytes::from(vec![7; 1_048_576]),
    ] {
        publisher
            .publish(message("orders.new", payload.clone()))
            .await?;
        assert_eq!(seen.next().await.payload, payload);
    }
    let too_large = message("orders.new", vec![7; 1_048_577]);
    let error = publisher.publish(too_large).await.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    let text = error.to_string();
    for part in ["`orders.new`", "1048576", "1048577", "max_payload"] {
        assert!(text.contains(part), "{text}");
    }
    publisher.publish(message("orders.new", "small")).await?;
    assert_eq!(seen.next().await.payload, "small");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "streams have wall-clock times")]
async fn headers() -> Result<(), TestError> {
    let (_server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    let before = SystemTime::now();
    connection.publish(message("orders.old", "")).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("orders.new", delivery).await?;
    let start = Instant::now();
    for number in 1..=2_u64 {
        let mut headers = Headers::new();
        headers.append("X-Trace", "a: b, ü");
        headers.append("x-multi", "1");
        headers.append("x-multi", "2");
        connection
            .publish(Outgoing {
                headers,
                ..message("orders.new", "hello")
            })
            .await?;
        let envelope = seen.next().await;
        assert_eq!(envelope.headers.get("x-trace"), Some("a: b, ü"));
        assert_eq!(envelope.headers.len(), 3);
        assert!(envelope.received_at >= start && envelope.received_at <= Instant::now());
        assert!(envelope.key.is_none() && envelope.reply_to.is_none());
        let names: Vec<_> = envelope.metadata.iter().map(|(name, _)| name).collect();
        assert_eq!(names, transport.capabilities().readable);
        assert_eq!(envelope.metadata.get("stream"), Some(&json!("ORDERS")));
        assert_eq!(
            envelope.metadata.get("stream_sequence"),
            Some(&json!(number + 1))
        );
        assert_eq!(
            envelope.metadata.get("consumer_sequence"),
            Some(&json!(number))
        );
        let stored = envelope
            .metadata
            .get("timestamp")
            .unwrap()
            .as_u64()
            .unwrap();
        let stored = SystemTime::UNIX_EPOCH + Duration::from_millis(stored + 1);
        assert!(stored >= before && stored <= SystemTime::now() + Duration::from_millis(1));
    }
    Ok(())
}

async fn wildcards() -> Result<(), TestError> {
    let (_server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    let (one_delivery, mut one) = delivery();
    let (rest_delivery, mut rest) = delivery();
    let (all_delivery, mut all) = delivery();
    let _one = connection
        .subscribe("orders.*.created", one_delivery)
        .await?;
    let _rest = connection.subscribe("orders.>", rest_delivery).await?;
    let _all = connection.subscribe("*.*.created", all_delivery).await?;
    connection
        .publish(message("orders.eu.created", "1"))
        .await?;
    connection
        .publish(message("orders.eu.west.created", "2"))
        .await?;
    connection
        .publish(message("orders.us.created", "3"))
        .await?;
    assert_eq!(&*one.next().await.topic, "orders.eu.created");
    assert_eq!(&*one.next().await.topic, "orders.us.created");
    for expected in [
        "orders.eu.created",
        "orders.eu.west.created",
        "orders.us.created",
    ] {
        assert_eq!(&*rest.next().await.topic, expected);
    }
    assert_eq!(&*all.next().await.topic, "orders.eu.created");
    assert_eq!(&*all.next().await.topic, "orders.us.created");
    Ok(())
}

async fn several_streams() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let transport = transport.stream("BILLS", ["bills.open", "bills.paid"]);
    let connection = connect(&transport).await?;
    let (all_delivery, mut all) = delivery();
    let (bills_delivery, mut bills) = delivery();
    let _all = connection.subscribe(">", all_delivery).await?;
    let _bills = connection.subscribe("bills.*", bills_delivery).await?;
    connection.publish(message("orders.new", "1")).await?;
    assert_eq!(
        all.next().await.metadata.get("stream"),
        Some(&json!("ORDERS"))
    );
    connection.publish(message("bills.paid", "2")).await?;
    assert_eq!(
        all.next().await.metadata.get("stream"),
        Some(&json!("BILLS"))
    );
    assert_eq!(&*bills.next().await.topic, "bills.paid");
    assert_eq!(consumers(&raw(&server).await?, "BILLS").await?.len(), 2);
    connection.close().await;
    assert_eq!(consumers(&raw(&server).await?, "BILLS").await?.len(), 0);
    Ok(())
}

async fn order() -> Result<(), TestError> {
    const COUNT: usize = 1000;
    let (_server, transport) = with_orders()?;
    let (subscriber, publisher) = (connect(&transport).await?, connect(&transport).await?);
    let (delivery, mut seen) = delivery();
    let _subscription = subscriber.subscribe("orders.many", delivery).await?;
    for number in 0..COUNT {
        publisher
            .publish(message("orders.many", number.to_string()))
            .await?;
    }
    for number in 0..COUNT {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    Ok(())
}

/// So much at once that the server asks in between how far we are.
async fn flow_control() -> Result<(), TestError> {
    const COUNT: usize = 5000;
    let (server, transport) = with_orders()?;
    let (sink, trouble) = events();
    let connection = transport.start(Start::First).connect(sink).await?;
    let publisher = raw(&server).await?;
    for number in 0..COUNT {
        let payload = format!("{number} {}", "x".repeat(10_000));
        publisher.publish("orders.large", payload.into()).await?;
    }
    publisher.flush().await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("orders.large", delivery).await?;
    for number in 0..COUNT {
        let payload = seen.next().await.payload;
        assert!(
            payload.starts_with(format!("{number} ").as_bytes()),
            "{number}"
        );
    }
    assert!(trouble.is_empty());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "streams have wall-clock times")]
async fn starts() -> Result<(), TestError> {
    let (_server, transport) = with_orders()?;
    let publisher = connect(&transport).await?;
    let mut times = Vec::new();
    for number in 1..=3 {
        // What the server stores after this has another time.
        let before = SystemTime::now();
        while SystemTime::now() == before {
            tokio::task::yield_now().await;
        }
        times.push(SystemTime::now());
        publisher
            .publish(message("orders.new", number.to_string()))
            .await?;
        publisher.publish(message("orders.other", "")).await?;
    }
    for (start, expected) in [
        (Start::New, &[][..]),
        (Start::First, &["1", "2", "3"]),
        (Start::Sequence(0), &["1", "2", "3"]),
        (Start::Sequence(3), &["2", "3"]),
        (Start::Sequence(4), &["3"]),
        (Start::Time(times[1]), &["2", "3"]),
        (Start::Time(SystemTime::UNIX_EPOCH), &["1", "2", "3"]),
        (Start::Time(SystemTime::now()), &[]),
    ] {
        let connection = connect(&transport.clone().start(start)).await?;
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe("orders.new", delivery).await?;
        publisher.publish(message("orders.new", "last")).await?;
        let mut payloads = Vec::new();
        while payloads.last() != Some(&Bytes::from_static(b"last")) {
            payloads.push(seen.next().await.payload);
        }
        // Those of the earlier rounds are in the stream too.
        payloads.retain(|payload| payload != "last");
        assert_eq!(payloads, expected, "{start:?}");
        publisher.publish(message("orders.new", "last")).await?;
        connection.close().await;
    }
    Ok(())
}

async fn no_stream() -> Result<(), TestError> {
    let (_server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    let error = connection
        .subscribe("bills.open", delivery().0)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("no stream keeps messages of `bills.open`"),
        "{text}"
    );
    assert!(
        text.contains(r#".stream("NAME", ["bills.open"])"#),
        "{text}"
    );
    let error = connection
        .publish(message("bills.open", "1"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("no stream keeps messages of `bills.open`"),
        "{text}"
    );
    Ok(())
}

async fn refused_by_stream() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let raw = raw(&server).await?;
    create_stream(
        &raw,
        "FULL",
        &["full"],
        json!({ "max_msgs": 1, "discard": "new" }),
    )
    .await?;
    create_stream(&raw, "SMALL", &["small"], json!({ "max_msg_size": 8 })).await?;
    create_stream(&raw, "MUTE", &["mute"], json!({ "no_ack": true })).await?;
    create_stream(&raw, "WORK", &["work"], json!({ "retention": "workqueue" })).await?;
    let connection = connect(&transport.connect_timeout(Duration::from_millis(500))).await?;
    connection.publish(message("full", "1")).await?;
    for (topic, payload, expected) in [
        ("full", "2", "maximum messages exceeded"),
        ("small", "nine char", "message size exceeds maximum allowed"),
        ("mute", "", "no acknowledgement came within 500ms"),
    ] {
        let error = connection
            .publish(message(topic, payload))
            .await
            .unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    connection.publish(message("small", "fits")).await?;
    // Reading would take the work away from the workers.
    let error = connection
        .subscribe("work", delivery().0)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    assert!(error.to_string().contains("workqueue"), "{error}");
    Ok(())
}

async fn refused() -> Result<(), TestError> {
    let (_server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    for topic in ["", "a b", "a..b", "a.>.b"] {
        assert!(connection.check_topic(topic).is_err(), "{topic:?}");
        let error = connection
            .subscribe(topic, delivery().0)
            .await
            .err()
            .unwrap();
        assert!(
            matches!(error, TransportError::Subscribe { .. }),
            "{topic:?}: {error}"
        );
    }
    let keyed = Outgoing {
        key: Some(Bytes::from("k")),
        ..message("orders.a", "")
    };
    let with_reply = Outgoing {
        reply_to: Some("orders.b".into()),
        ..message("orders.a", "")
    };
    let mut odd_id = message("orders.a", "");
    odd_id.metadata.set("message_id", json!([1]));
    for (message, expected) in [
        (keyed, "no key"),
        (with_reply, "over `Nats`"),
        (odd_id, "a text or a number"),
        (message("orders.*", ""), "one subject"),
    ] {
        let error = connection.publish(message).await.unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(connection.inbox().is_none() && !transport.capabilities().requests);
    Ok(())
}

async fn message_id() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("orders.new", delivery).await?;
    for id in [json!("a"), json!("a"), json!("b"), json!(7)] {
        let mut message = message("orders.new", id.to_string());
        message.metadata.set("message_id", id);
        connection.publish(message).await?;
    }
    for (payload, id) in [("\"a\"", "a"), ("\"b\"", "b"), ("7", "7")] {
        let envelope = seen.next().await;
        assert_eq!(envelope.payload, payload);
        assert_eq!(envelope.headers.get("nats-msg-id"), Some(id));
    }
    let info = ask(&raw(&server).await?, "STREAM.INFO.ORDERS", json!(null)).await?;
    assert_eq!(info["state"]["messages"], 3);
    Ok(())
}

async fn existing_stream() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let raw = raw(&server).await?;
    create_stream(&raw, "ORDERS", &["orders.a"], json!({ "max_msgs": 10 })).await?;
    let connection = connect(&transport).await?;
    connection.publish(message("orders.a", "")).await?;
    assert!(connection.publish(message("orders.b", "")).await.is_err());
    let info = ask(&raw, "STREAM.INFO.ORDERS", json!(null)).await?;
    assert_eq!(info["config"]["max_msgs"], 10);
    connection.close().await;
    ask(&raw, "STREAM.INFO.ORDERS", json!(null)).await?;
    Ok(())
}

async fn no_consumer_left() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let raw = raw(&server).await?;
    let connection = Arc::new(connect(&transport).await?);
    let mut subscriptions = Vec::new();
    for number in 0..50 {
        let topic = format!("orders.{number}");
        subscriptions.push(connection.subscribe(&topic, delivery().0).await?);
    }
    assert_eq!(consumers(&raw, "ORDERS").await?.len(), 50);
    subscriptions.truncate(20);
    until_consumers(&raw, "ORDERS", 20).await?;
    // Given up half-way.
    for round in 0..100_u64 {
        let subscribe = connection.subscribe("orders.new", delivery().0);
        drop(tokio::time::timeout(Duration::from_micros(round * 10), subscribe).await);
    }
    until_consumers(&raw, "ORDERS", 20).await?;
    connection.close().await;
    assert_eq!(consumers(&raw, "ORDERS").await?, [""; 0]);
    Ok(())
}
