//! What arrives is what was sent, in its order, from the moment at which a subscription is ready.

use std::sync::Arc;

use choreo::json;
use choreo::transport::rabbitmq::Rabbit;
use choreo::transport::{Connection, Headers, Outgoing};
use choreo_test_brokers::RabbitServer;

use super::support::{Cases, TestError, connect, delivery, message, own, shared};

pub(crate) async fn all() -> Result<(), TestError> {
    let server = shared()?;
    Cases::new()
        .case("payloads", payloads(server.clone()))
        .case("properties", properties(server.clone()))
        .case("wildcards", wildcards(server.clone()))
        .case("fan_out", fan_out(server.clone()))
        .case("order", order(server.clone()))
        .case("unsubscribed", unsubscribed(server.clone()))
        .case("topics", topics(server.clone()))
        .judge()
        .await?;
    // Alone, so that nothing slows it down into being right.
    readiness(server).await
}

async fn payloads(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "payloads").await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("any", delivery).await?;
    let large: Vec<u8> = (0..1_048_576_u32).map(|n| n.to_le_bytes()[0]).collect();
    for payload in [
        Vec::new(),
        b"{\"id\":1}".to_vec(),
        "text \u{e4}".as_bytes().to_vec(),
        vec![0, 255, 206],
        large,
    ] {
        connection.publish(message("any", payload.clone())).await?;
        let received = seen.next().await;
        assert!(received.payload == payload, "{} bytes", payload.len());
        assert_eq!(&*received.topic, "any");
        assert!(received.headers.is_empty() && received.key.is_none());
    }
    Ok(())
}

async fn properties(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "properties").await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("p", delivery).await?;
    let mut headers = Headers::new();
    headers.append("X-Source", "test");
    headers.append("empty", "");
    let mut outgoing = Outgoing {
        headers: headers.clone(),
        ..message("p", "1")
    };
    outgoing.reply_to = Some("queue:answers".into());
    let set = [
        ("message_id", json!("m-1")),
        ("correlation_id", json!("c-1")),
        ("content_type", json!("application/json")),
        ("content_encoding", json!("identity")),
        ("priority", json!(4)),
        ("expiration", json!(60_000)),
        ("type", json!("order")),
        ("app_id", json!("shop")),
        ("timestamp", json!(1_700_000_000)),
        ("delivery_mode", json!(2)),
        ("user_id", json!("guest")),
    ];
    for (name, value) in &set {
        outgoing.metadata.set(*name, value.clone());
    }
    connection.publish(outgoing).await?;
    let received = seen.next().await;
    for (name, value) in &set {
        assert_eq!(received.metadata.get(name), Some(value), "{name}");
    }
    assert_eq!(
        received.metadata.get("exchange"),
        Some(&json!("properties"))
    );
    assert_eq!(received.metadata.get("routing_key"), Some(&json!("p")));
    assert_eq!(received.metadata.get("redelivered"), Some(&json!(false)));
    assert_eq!(received.reply_to.as_deref(), Some("queue:answers"));
    assert_eq!(received.headers.get("x-source"), Some("test"));
    assert_eq!(received.headers.len(), 2);

    // What the broker refuses about a property is the publisher's error.
    let mut forged = message("p", "2");
    forged.metadata.set("user_id", "somebody");
    let error = connection.publish(forged).await.unwrap_err().to_string();
    assert!(
        error.contains("PRECONDITION_FAILED") && error.contains("user_id"),
        "{error}"
    );
    connection.publish(message("p", "3")).await?;
    assert_eq!(seen.next().await.payload, "3");
    Ok(())
}

async fn wildcards(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "wildcards").await?;
    let (one, mut words) = delivery();
    let _one = connection.subscribe("orders.*.new", one).await?;
    let (any, mut all) = delivery();
    let _any = connection.subscribe("orders.#", any).await?;
    for topic in [
        "orders",
        "orders.eu.new",
        "orders.eu.de.new",
        "orders.us.new",
    ] {
        connection.publish(message(topic, topic)).await?;
        assert_eq!(&*all.next().await.topic, topic);
    }
    assert_eq!(&*words.next().await.topic, "orders.eu.new");
    assert_eq!(&*words.next().await.topic, "orders.us.new");
    assert!(words.is_empty() && all.is_empty());
    Ok(())
}

async fn fan_out(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let publisher = own(&server, "fan_out").await?;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let connection = own(&server, "fan_out").await?;
        let (delivery, messages) = delivery();
        let subscription = connection.subscribe("all", delivery).await?;
        seen.push((connection, subscription, messages));
    }
    publisher.publish(message("all", "1")).await?;
    for (_, _, messages) in &mut seen {
        assert_eq!(messages.next().await.payload, "1");
    }
    Ok(())
}

async fn order(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "order").await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("o.#", delivery).await?;
    for number in 0..1000 {
        connection
            .publish(message("o.x", number.to_string()))
            .await?;
    }
    for number in 0..1000 {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    Ok(())
}

async fn unsubscribed(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "unsubscribed").await?;
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let delivery = choreo::transport::Delivery::new(move |_| drop(Arc::clone(&held)));
    let subscription = connection.subscribe("gone", delivery).await?;
    connection.publish(message("gone", "1")).await?;
    drop(subscription);
    super::support::eventually("the delivery is released", || {
        Arc::strong_count(&alive) == 1
    })
    .await;
    // The queue goes with it, and the broker says so.
    loop {
        match connection.publish(message("gone", "2")).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => {
                assert!(error.to_string().contains("no queue is bound"), "{error}");
                break;
            }
        }
    }
    Ok(())
}

async fn topics(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "topics").await?;
    for (topic, part) in [
        ("", "it is empty"),
        ("orders.new*", "one whole word"),
        ("queue:", "names no queue"),
        ("exchange:/x", "default exchange"),
    ] {
        let refused = connection.check_topic(topic).unwrap_err();
        assert!(refused.contains(part), "{topic}: {refused}");
        assert!(connection.subscribe(topic, delivery().0).await.is_err());
    }
    for topic in ["orders.*", "#", "queue:x", "exchange:x/y"] {
        assert_eq!(connection.check_topic(topic), Ok(()), "{topic}");
    }
    let keyed = Outgoing {
        key: Some("k".into()),
        ..message("a", "")
    };
    for (outgoing, part) in [(keyed, "have no key"), (message("a.*", ""), "to a pattern")] {
        let error = connection.publish(outgoing).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    Ok(())
}

/// Subscribe, then publish from another connection at once: nothing is lost.
async fn readiness(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let rabbit = Rabbit::new(server.url()).exchange("readiness");
    let subscriber = connect(&rabbit).await?;
    let publisher = connect(&rabbit).await?;
    for round in 0..500 {
        let (delivery, mut seen) = delivery();
        let topic = format!("ready.{round}");
        let _subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher.publish(message(&topic, "1")).await?;
        assert_eq!(seen.next().await.payload, "1");
    }
    subscriber.close().await;
    publisher.close().await;
    Ok(())
}
