//! Messages that go through.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use choreo::transport::nats::{Nats, NatsAuth};
use choreo::transport::{Connection, Delivery, Headers, Outgoing, TransportError};
use choreo_test_brokers::{BrokerTests, NatsServer};
use tokio::task::JoinSet;

use super::support::{SENTINEL, TestError, connect, delivery, eventually, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test(
            "messages::a_subscription_is_live_when_it_says_so",
            readiness,
        )
        .test(
            "messages::a_thousand_subscriptions_at_once_are_live",
            many_at_once,
        )
        .test("messages::wildcards_keep_the_concrete_subject", wildcards)
        .test("messages::a_queue_group_shares_its_messages", queue_group)
        .test("messages::headers_and_bytes_survive", headers)
        .test("messages::order_is_kept_and_nothing_is_lost", order)
        .test("messages::what_nats_does_not_have_is_refused", refused)
        .test("messages::a_dropped_subscription_ends", dropped)
}

async fn readiness() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let (subscriber, publisher) = (connect(&nats).await?, connect(&nats).await?);
    for round in 0..500 {
        let topic = format!("ready.{round}");
        let (delivery, mut seen) = delivery();
        let _subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher.publish(message(&topic, topic.clone())).await?;
        assert_eq!(*seen.next().await.topic, *topic);
    }
    Ok(())
}

async fn many_at_once() -> Result<(), TestError> {
    const COUNT: usize = 1000;
    let open = NatsServer::builder().start()?;
    let guarded = NatsServer::builder().token(SENTINEL).start()?;
    for nats in [
        Nats::new(open.url()),
        Nats::new(guarded.url()).auth(NatsAuth::token(SENTINEL)),
    ] {
        let subscriber = Arc::new(connect(&nats).await?);
        let publisher = connect(&nats).await?;
        let (delivery, mut seen) = delivery();
        let mut tasks = JoinSet::new();
        for number in 0..COUNT {
            let (subscriber, delivery) = (Arc::clone(&subscriber), delivery.clone());
            tasks.spawn(async move {
                subscriber
                    .subscribe(&format!("at.once.{number}"), delivery)
                    .await
            });
        }
        let subscriptions: Vec<_> = tasks
            .join_all()
            .await
            .into_iter()
            .collect::<Result<_, _>>()?;
        for number in 0..COUNT {
            publisher
                .publish(message(&format!("at.once.{number}"), ""))
                .await?;
        }
        for _ in 0..COUNT {
            seen.next().await;
        }
        assert_eq!(subscriptions.len(), COUNT);
    }
    Ok(())
}

async fn wildcards() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let (one_delivery, mut one) = delivery();
    let (rest_delivery, mut rest) = delivery();
    let _one = connection
        .subscribe("orders.*.created", one_delivery)
        .await?;
    let _rest = connection.subscribe("orders.>", rest_delivery).await?;
    connection
        .publish(message("orders.eu.created", "1"))
        .await?;
    connection
        .publish(message("orders.eu.west.created", "2"))
        .await?;
    assert_eq!(&*one.next().await.topic, "orders.eu.created");
    assert_eq!(&*rest.next().await.topic, "orders.eu.created");
    assert_eq!(&*rest.next().await.topic, "orders.eu.west.created");
    assert!(one.is_empty());
    Ok(())
}

async fn queue_group() -> Result<(), TestError> {
    const COUNT: usize = 100;
    let server = NatsServer::builder().start()?;
    let worker = Nats::new(server.url()).queue_group("workers");
    let (one, other) = (connect(&worker).await?, connect(&worker).await?);
    let watcher = connect(&Nats::new(server.url())).await?;
    let ((a, mut first), (b, mut second), (c, mut all)) = (delivery(), delivery(), delivery());
    let _one = one.subscribe("jobs.*", a).await?;
    let _other = other.subscribe("jobs.*", b).await?;
    let _watcher = watcher.subscribe("jobs.*", c).await?;
    for number in 0..COUNT {
        watcher
            .publish(message("jobs.new", number.to_string()))
            .await?;
    }
    for number in 0..COUNT {
        assert_eq!(all.next().await.payload, number.to_string());
    }
    // Everything that was for the members is on its way before these.
    for (member, seen) in [(&one, &mut first), (&other, &mut second)] {
        let inbox = member.inbox().ok_or("NATS has inboxes")?;
        let (delivery, mut answers) = delivery();
        let _inbox = member.subscribe(&inbox, delivery).await?;
        watcher.publish(message(&inbox, "for you alone")).await?;
        assert_eq!(answers.next().await.payload, "for you alone");
        assert!(!seen.is_empty(), "each member gets its share");
    }
    let mut shared = Vec::new();
    for seen in [&mut first, &mut second] {
        while !seen.is_empty() {
            shared.push(seen.next().await.payload);
        }
    }
    assert_eq!(shared.len(), COUNT, "each message goes to one member");
    let wrong = connect(&Nats::new(server.url()).queue_group("two words")).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("queue group")));
    Ok(())
}

async fn headers() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("with.headers", delivery).await?;
    let mut headers = Headers::new();
    headers.append("X-Trace", "a: b, ü");
    headers.append("x-multi", "1");
    headers.append("x-multi", "2");
    let payload = Bytes::from((0..=255).collect::<Vec<u8>>());
    let start = Instant::now();
    let topic = "with.headers";
    connection
        .publish(Outgoing {
            headers,
            ..Outgoing::new(topic, payload.clone())
        })
        .await?;
    let envelope = seen.next().await;
    assert_eq!(envelope.payload, payload);
    assert_eq!(envelope.headers.get("x-trace"), Some("a: b, ü"));
    let multi: Vec<_> = envelope
        .headers
        .iter()
        .filter(|(name, _)| *name == "x-multi")
        .collect();
    assert_eq!(multi, [("x-multi", "1"), ("x-multi", "2")]);
    assert!(envelope.received_at >= start && envelope.received_at <= Instant::now());
    assert!(envelope.key.is_none() && envelope.metadata.is_empty());
    Ok(())
}

async fn order() -> Result<(), TestError> {
    const COUNT: usize = 20_000;
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let (subscriber, publisher) = (connect(&nats).await?, connect(&nats).await?);
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

async fn refused() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    for topic in ["", "a b", "a..b", ".a", "a.", "a.>.b", "a\r\nb"] {
        let error = connection.subscribe(topic, delivery().0).await.unwrap_err();
        assert!(
            matches!(error, TransportError::Subscribe { .. }),
            "{topic:?}: {error}"
        );
    }
    for topic in ["", "a b", "a..b", "a.*", "a.>", "a\r\nb"] {
        let error = connection.publish(message(topic, "")).await.unwrap_err();
        assert!(
            matches!(error, TransportError::Publish { .. }),
            "{topic:?}: {error}"
        );
    }
    let keyed = Outgoing {
        key: Some(Bytes::from("k")),
        ..message("a", "")
    };
    assert!(
        connection
            .publish(keyed)
            .await
            .unwrap_err()
            .to_string()
            .contains("no key")
    );
    for (name, value) in [("a:b", "c"), ("", "c"), ("a", "secret\nvalue")] {
        let mut headers = Headers::new();
        headers.append(name, value);
        let error = connection
            .publish(Outgoing {
                headers,
                ..message("a", "")
            })
            .await
            .unwrap_err();
        assert!(
            matches!(error, TransportError::Publish { .. }),
            "{name:?}: {error}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    Ok(())
}

async fn dropped() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let connection = connect(&nats).await?;
    let alive = Arc::new(Mutex::new(()));
    for _ in 0..100 {
        let held = Arc::clone(&alive);
        let delivery = Delivery::new(move |_| drop(held.lock().unwrap()));
        drop(connection.subscribe("dropped", delivery).await?);
    }
    eventually("the deliveries are released", || {
        Arc::strong_count(&alive) == 1
    })
    .await;
    // The rest of the connection works on.
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("dropped", delivery).await?;
    connection.publish(message("dropped", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    Ok(())
}
