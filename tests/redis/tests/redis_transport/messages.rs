//! Messages that go through, on both transports where both can.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use choreo::transport::redis::{Redis, RedisStreams};
use choreo::transport::{Connection, Headers, Outgoing, Transport, TransportError};
use choreo_test_brokers::{BrokerTests, RedisServer};
use tokio::task::JoinSet;

use super::support::{SENTINEL, TestError, connect, delivery, eventually, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("messages::payloads_survive", payloads)
        .test(
            "messages::a_channel_is_live_when_it_says_so",
            channel_readiness,
        )
        .test(
            "messages::a_stream_is_live_when_it_says_so",
            stream_readiness,
        )
        .test("messages::many_at_once_are_live", many_at_once)
        .test("messages::order_is_kept_and_nothing_is_lost", order)
        .test("messages::patterns_keep_the_channel", patterns)
        .test(
            "messages::escaped_characters_are_ordinary",
            escaped_characters,
        )
        .test("messages::a_channel_is_subscribed_to_once", one_for_all)
        .test(
            "messages::a_server_without_resp3_works_as_well",
            older_protocol,
        )
        .test("messages::what_redis_does_not_have_is_refused", refused)
        .test("messages::a_dropped_subscription_ends", dropped)
}

async fn payloads() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    carries_payloads(&Redis::new(server.url())).await?;
    carries_payloads(&RedisStreams::new(server.url())).await
}

async fn carries_payloads<T: Transport>(transport: &T) -> Result<(), TestError> {
    let (subscriber, publisher) = (connect(transport).await?, connect(transport).await?);
    let (delivery, mut seen) = delivery();
    let _subscription = subscriber.subscribe("payloads", delivery).await?;
    for payload in [
        Bytes::from((0..=255).collect::<Vec<u8>>()),
        Bytes::from(r#"{"a":[1,"ü"]}"#),
        Bytes::from("line\r\n$5\r\n"),
        Bytes::new(),
        Bytes::from(vec![7; 1_048_576]),
    ] {
        let start = Instant::now();
        publisher
            .publish(message("payloads", payload.clone()))
            .await?;
        let envelope = seen.next().await;
        assert_eq!(envelope.payload, payload);
        assert_eq!(&*envelope.topic, "payloads");
        assert!(envelope.received_at >= start && envelope.received_at <= Instant::now());
        assert!(envelope.key.is_none() && envelope.headers.is_empty());
    }
    Ok(())
}

async fn channel_readiness() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    is_ready(&Redis::new(server.url())).await
}

async fn stream_readiness() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    is_ready(&RedisStreams::new(server.url())).await
}

async fn is_ready<T: Transport>(transport: &T) -> Result<(), TestError> {
    let (subscriber, publisher) = (connect(transport).await?, connect(transport).await?);
    for round in 0..500 {
        let topic = format!("ready.{round}");
        // Every second stream has been there before.
        if round % 2 == 0 {
            publisher.publish(message(&topic, "before")).await?;
        }
        let (delivery, mut seen) = delivery();
        let _subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher.publish(message(&topic, topic.clone())).await?;
        let envelope = seen.next().await;
        assert_eq!(
            (&*envelope.topic, &*envelope.payload),
            (&*topic, topic.as_bytes())
        );
    }
    Ok(())
}

async fn many_at_once() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    are_live(&Redis::new(server.url()), 1000).await?;
    are_live(&RedisStreams::new(server.url()), 100).await
}

async fn are_live<T: Transport>(transport: &T, count: usize) -> Result<(), TestError> {
    let subscriber = Arc::new(connect(transport).await?);
    let publisher = connect(transport).await?;
    let (delivery, mut seen) = delivery();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (subscriber, delivery) = (Arc::clone(&subscriber), delivery.clone());
        tasks.spawn(async move {
            let topic = format!("at.once.{number}");
            subscriber.subscribe(&topic, delivery).await
        });
    }
    let subscriptions: Vec<_> = tasks
        .join_all()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    for number in 0..count {
        let topic = format!("at.once.{number}");
        publisher.publish(message(&topic, "")).await?;
    }
    for _ in 0..count {
        seen.next().await;
    }
    assert_eq!(subscriptions.len(), count);
    Ok(())
}

async fn order() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    keeps_order(&Redis::new(server.url())).await?;
    keeps_order(&RedisStreams::new(server.url())).await
}

async fn keeps_order<T: Transport>(transport: &T) -> Result<(), TestError> {
    const COUNT: usize = 5000;
    let (subscriber, publisher) = (connect(transport).await?, connect(transport).await?);
    let (delivery, mut seen) = delivery();
    let _subscription = subscriber.subscribe("many", delivery).await?;
    for number in 0..COUNT {
        publisher
            .publish(message("many", number.to_string()))
            .await?;
    }
    for number in 0..COUNT {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    Ok(())
}

async fn patterns() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&Redis::new(server.url())).await?;
    let (all_delivery, mut all) = delivery();
    let (one_delivery, mut one) = delivery();
    let (set_delivery, mut set) = delivery();
    let _all = connection.subscribe("orders.*", all_delivery).await?;
    let _one = connection.subscribe("orders.eu", one_delivery).await?;
    let _set = connection.subscribe("orders.[eu]?", set_delivery).await?;
    for channel in ["orders.eu", "orders.us", "orders.asia"] {
        connection.publish(message(channel, channel)).await?;
    }
    for channel in ["orders.eu", "orders.us", "orders.asia"] {
        assert_eq!(&*all.next().await.topic, channel);
    }
    for channel in ["orders.eu", "orders.us"] {
        assert_eq!(&*set.next().await.topic, channel);
    }
    assert_eq!(&*one.next().await.topic, "orders.eu");
    assert!(one.is_empty() && set.is_empty());
    Ok(())
}

async fn escaped_characters() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&Redis::new(server.url())).await?;
    let (literal_delivery, mut literal) = delivery();
    let (pattern_delivery, mut pattern) = delivery();
    let _literal = connection.subscribe(r"a\*b", literal_delivery).await?;
    let _pattern = connection.subscribe(r"a\**", pattern_delivery).await?;
    for channel in ["axb", "a*b"] {
        connection.publish(message(channel, "")).await?;
    }
    assert_eq!(&*literal.next().await.topic, "a*b");
    assert_eq!(&*pattern.next().await.topic, "a*b");
    assert!(literal.is_empty() && pattern.is_empty());
    Ok(())
}

async fn one_for_all() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&Redis::new(server.url())).await?;
    let (one_delivery, mut one) = delivery();
    let (other_delivery, mut other) = delivery();
    let first = connection.subscribe("shared", one_delivery).await?;
    let second = connection.subscribe("shared", other_delivery).await?;
    assert_eq!(server.subscriptions()?, 1);
    connection.publish(message("shared", "1")).await?;
    assert_eq!(one.next().await.payload, "1");
    assert_eq!(other.next().await.payload, "1");
    drop(first);
    connection.publish(message("shared", "2")).await?;
    assert_eq!(other.next().await.payload, "2");
    assert!(one.is_empty());
    drop(second);
    eventually("the server is told", || {
        server.subscriptions().unwrap() == 0
    })
    .await;
    Ok(())
}

async fn older_protocol() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .password(SENTINEL)
        .setting("rename-command HELLO \"\"")
        .start()?;
    let redis = Redis::new(format!("redis://:{SENTINEL}@127.0.0.1:{}", server.port()));
    carries_payloads(&redis).await?;
    is_ready(&redis).await?;
    let connection = connect(&redis).await?;
    let (delivery, mut seen) = delivery();
    let subscription = connection.subscribe("a.*", delivery).await?;
    connection.publish(message("a.b", "1")).await?;
    let envelope = seen.next().await;
    assert_eq!((&*envelope.topic, &*envelope.payload), ("a.b", &b"1"[..]));
    drop(subscription);
    eventually("the server is told", || {
        server.subscriptions().unwrap() == 0
    })
    .await;
    Ok(())
}

async fn refused() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let redis = Redis::new(server.url());
    let streams = RedisStreams::new(server.url());
    assert!(redis.capabilities().wildcards && !redis.capabilities().headers);
    assert!(!streams.capabilities().wildcards && streams.capabilities().headers);
    assert!(!streams.clone().fields_as_json().capabilities().headers);

    let channel = connect(&redis).await?;
    let stream = connect(&streams).await?;
    assert!(channel.check_topic("a.*").is_ok() && channel.check_topic("").is_err());
    let reason = stream.check_topic("a.*").unwrap_err();
    assert!(reason.contains("have no wildcards"), "{reason}");
    assert!(stream.check_topic(r"a.\*").is_ok());
    let error = stream.subscribe("a.*", delivery().0).await.unwrap_err();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");

    let keyed = Outgoing {
        key: Some(Bytes::from("k")),
        ..message("a", "")
    };
    for error in [
        channel.publish(keyed.clone()).await.unwrap_err(),
        stream.publish(keyed).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("no key"), "{error}");
    }
    for error in [
        channel.publish(message("", "")).await.unwrap_err(),
        stream.publish(message("", "")).await.unwrap_err(),
    ] {
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    }
    let mut headers = Headers::new();
    headers.append("trace", "secret");
    let with_headers = Outgoing {
        headers,
        ..message("a", "")
    };
    let error = channel.publish(with_headers).await.unwrap_err().to_string();
    assert!(error.contains("RedisStreams"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    Ok(())
}

async fn dropped() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let redis = Redis::new(server.url());
    let connection = connect(&redis).await?;
    for _ in 0..200 {
        drop(connection.subscribe("dropped", delivery().0).await?);
        drop(connection.subscribe("dropped.*", delivery().0).await?);
    }
    // The server hears of the ends after the fact, and they must not end what begins in between.
    for number in 0..200 {
        drop(connection.subscribe("again", delivery().0).await?);
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe("again", delivery).await?;
        let payload = number.to_string();
        connection
            .publish(message("again", payload.clone()))
            .await?;
        assert_eq!(seen.next().await.payload, payload);
    }
    eventually("the server is told", || {
        server.subscriptions().unwrap() == 0
    })
    .await;
    // The rest of the connection works on.
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("dropped", delivery).await?;
    connection.publish(message("dropped", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");

    let streams = connect(&RedisStreams::new(server.url())).await?;
    let before = server.connections()?;
    for _ in 0..50 {
        drop(
            streams
                .subscribe("dropped", super::support::delivery().0)
                .await?,
        );
    }
    eventually("the readers' connections are closed", || {
        server.connections().unwrap() == before
    })
    .await;
    Ok(())
}
