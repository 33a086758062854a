//! What goes wrong after the connect, how soon it is told, and how it heals.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use choreo::transport::nats::{JetStream, NatsAuth};
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::recording::Seen;
use choreo_test_brokers::{BrokerTests, NatsServer};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::server::{ask, consumers, create_stream, raw, until_consumers, with_orders};
use super::support::{SENTINEL, TestError, connect, delivery, events, eventually, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("faults::a_killed_server_is_told", killed)
        .test(
            "faults::a_restarted_server_restores_the_subscriptions",
            restarted,
        )
        .test("faults::a_restart_skips_and_repeats_nothing", continuity)
        .test("faults::a_hanging_server_is_told", hanging)
        .test(
            "faults::a_stream_that_is_gone_keeps_the_connection_lost",
            stream_gone,
        )
        .test(
            "faults::a_stream_that_is_wanted_is_made_anew",
            stream_remade,
        )
        .test("faults::a_gap_after_a_reconnect_ends_nobody_who_waits", gap)
        .test("faults::what_a_stream_has_removed_is_told", live_gap)
        .test("faults::a_deleted_consumer_is_replaced", consumer_deleted)
        .test("faults::a_deleted_stream_is_told", stream_deleted)
        .test("faults::close_leaves_no_task_and_no_consumer", closed)
        .test(
            "faults::close_leaves_no_task_when_the_server_is_gone",
            closed_without_server,
        )
        .test("faults::a_dropped_connection_leaves_no_task", dropped)
        .test("faults::after_close_everything_is_an_error", after_close)
}

fn is_lost(event: &ConnectionEvent) -> bool {
    matches!(event, ConnectionEvent::Lost { .. })
}

async fn lost_and_restored(seen: &mut Seen<ConnectionEvent>) {
    let event = seen.next().await;
    assert!(is_lost(&event), "{event:?}");
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
}

async fn killed() -> Result<(), TestError> {
    let (mut server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let _subscription = connection.subscribe("orders.a", delivery().0).await?;
    server.kill()?;
    match seen.next().await {
        ConnectionEvent::Lost { reason } => {
            assert!(
                reason.contains(&format!("127.0.0.1:{}", server.port())),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    let error = connection
        .publish(message("orders.a", "1"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let error = connection
        .subscribe("orders.b", delivery().0)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = NatsServer::builder()
        .jetstream()
        .user_password("me", SENTINEL)
        .start()?;
    let transport = JetStream::new(server.url())
        .auth(NatsAuth::user_password("me", SENTINEL))
        .stream("ORDERS", ["orders.>"]);
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let (back_delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.back", back_delivery).await?;
    let mut others = Vec::new();
    for number in 0..20 {
        let topic = format!("orders.other.{number}");
        others.push(connection.subscribe(&topic, delivery().0).await?);
    }
    for round in 0..5 {
        server.restart()?;
        lost_and_restored(&mut seen).await;
        // Live, and on the server known once each.
        let publisher = connect(&transport).await?;
        publisher
            .publish(message("orders.back", round.to_string()))
            .await?;
        assert_eq!(messages.next().await.payload, round.to_string());
        connection.publish(message("orders.back", "own")).await?;
        assert_eq!(messages.next().await.payload, "own");
    }
    assert!(seen.is_empty());
    Ok(())
}

/// What is stored before and after the restart comes once each, also when this side was away.
async fn continuity() -> Result<(), TestError> {
    let (mut server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let connection = transport.clone().connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.>", delivery).await?;
    let mut number = 0_u64;
    for _ in 0..3 {
        for _ in 0..200 {
            number += 1;
            connection
                .publish(message("orders.a", number.to_string()))
                .await?;
        }
        server.restart()?;
        let publisher = raw(&server).await?;
        for _ in 0..200 {
            number += 1;
            stored(&publisher, &number.to_string()).await?;
        }
        lost_and_restored(&mut seen).await;
    }
    for expected in 1..=number {
        let envelope = messages.next().await;
        assert_eq!(envelope.payload, expected.to_string());
        assert_eq!(
            envelope.metadata.get("stream_sequence"),
            Some(&json!(expected))
        );
    }
    assert!(seen.is_empty() && messages.is_empty());
    Ok(())
}

async fn hanging() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let bound = Duration::from_millis(300);
    let connection = transport.connect_timeout(bound).connect(sink).await?;
    let (live_delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.a", live_delivery).await?;
    server.suspend()?;
    let error = connection
        .publish(message("orders.a", "1"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("within 300ms"), "{error}");
    let error = connection
        .subscribe("orders.b", delivery().0)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("within 300ms"), "{error}");
    let mut event = seen.next().await;
    // The silent consumer may be told before the silent connection.
    if matches!(event, ConnectionEvent::Refused { .. }) {
        event = seen.next().await;
    }
    assert!(is_lost(&event), "{event:?}");
    server.resume()?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    connection.publish(message("orders.a", "2")).await?;
    while messages.next().await.payload != "2" {}
    Ok(())
}

async fn stream_gone() -> Result<(), TestError> {
    let mut server = NatsServer::builder().jetstream().start()?;
    create_stream(&raw(&server).await?, "MEMORY", &["m.>"], json!({})).await?;
    let (sink, mut seen) = events();
    let connection = JetStream::new(server.url()).connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("m.a", delivery).await?;
    connection.publish(message("m.a", "1")).await?;
    assert_eq!(messages.next().await.payload, "1");
    server.restart()?;
    assert!(is_lost(&seen.next().await));
    // The stream was in memory, so the subscription cannot come back, and everything says so.
    let told = async {
        loop {
            let error = connection.publish(message("m.a", "2")).await.unwrap_err();
            assert!(matches!(error, TransportError::Lost { .. }), "{error}");
            let text = error.to_string();
            if text.contains("stream not found") {
                break text;
            }
            tokio::task::yield_now().await;
        }
    };
    let text = tokio::time::timeout(Duration::from_secs(10), told).await?;
    assert!(text.contains("the subscription to `m.a` broke"), "{text}");
    // Also to those who wait for the return.
    match seen.next().await {
        ConnectionEvent::Lost { reason } => {
            assert!(reason.contains("stream not found"), "{reason}")
        }
        other => panic!("{other:?}"),
    }
    create_stream(&raw(&server).await?, "MEMORY", &["m.>"], json!({})).await?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    connection.publish(message("m.a", "3")).await?;
    assert_eq!(messages.next().await.payload, "3");
    Ok(())
}

async fn stream_remade() -> Result<(), TestError> {
    let mut server = NatsServer::builder().jetstream().start()?;
    create_stream(&raw(&server).await?, "MEMORY", &["m.>"], json!({})).await?;
    let (sink, mut seen) = events();
    let transport = JetStream::new(server.url()).stream("MEMORY", ["m.>"]);
    let connection = transport.connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("m.a", delivery).await?;
    server.restart()?;
    lost_and_restored(&mut seen).await;
    connection.publish(message("m.a", "1")).await?;
    assert_eq!(messages.next().await.payload, "1");
    Ok(())
}

/// Lets nobody log in while it is shut: so the client stays away while the server works.
fn gated(server: &NatsServer, gate: &Arc<Semaphore>) -> JetStream {
    let gate = Arc::clone(gate);
    JetStream::new(server.url())
        .stream("ORDERS", ["orders.>"])
        .auth(move || {
            let gate = Arc::clone(&gate);
            async move {
                let _open = gate.acquire().await;
                Ok::<_, io::Error>(NatsAuth::user_password("me", SENTINEL))
            }
        })
}

async fn gap() -> Result<(), TestError> {
    let mut server = NatsServer::builder()
        .jetstream()
        .user_password("me", SENTINEL)
        .start()?;
    let gate = Arc::new(Semaphore::new(1));
    let (sink, mut seen) = events();
    let connection = gated(&server, &gate).connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.a", delivery).await?;
    for number in ["1", "2"] {
        connection.publish(message("orders.a", number)).await?;
        assert_eq!(messages.next().await.payload, number);
    }
    let shut = gate.acquire().await?;
    server.restart()?;
    assert!(is_lost(&seen.next().await));
    let options = async_nats::ConnectOptions::with_user_and_password("me".into(), SENTINEL.into());
    let other = options.connect(server.url()).await?;
    for _ in 0..3 {
        stored(&other, "lost").await?;
    }
    ask(&other, "STREAM.PURGE.ORDERS", json!(null)).await?;
    stored(&other, "kept").await?;
    drop(shut);
    // Whoever waits for the return has missed nothing of his own, so he is told nothing.
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    assert_eq!(messages.next().await.payload, "kept");
    Ok(())
}

async fn live_gap() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.a", delivery).await?;
    stored(&raw(&server).await?, "1").await?;
    assert_eq!(messages.next().await.payload, "1");
    let other = raw(&server).await?;
    for anew in [false, true] {
        let name = consumers(&other, "ORDERS").await?.remove(0);
        ask(
            &other,
            &format!("CONSUMER.DELETE.ORDERS.{name}"),
            json!(null),
        )
        .await?;
        stored(&other, "lost").await?;
        let expected = if anew {
            ask(&other, "STREAM.DELETE.ORDERS", json!(null)).await?;
            create_stream(&other, "ORDERS", &["orders.>"], json!({})).await?;
            "the stream `ORDERS` was made anew after message 3"
        } else {
            ask(&other, "STREAM.PURGE.ORDERS", json!(null)).await?;
            "the stream `ORDERS` has removed its messages 2 to 2"
        };
        stored(&other, "kept").await?;
        match seen.next().await {
            ConnectionEvent::Refused { reason } => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(messages.next().await.payload, "kept");
    }
    assert!(seen.is_empty());
    Ok(())
}

/// Publishes past the transport until the stream has it: a server that has just started has none yet.
async fn stored(client: &async_nats::Client, payload: &str) -> Result<(), TestError> {
    let stored = async {
        while client
            .request("orders.a", payload.to_owned().into())
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    Ok(tokio::time::timeout(Duration::from_secs(10), stored).await?)
}

async fn consumer_deleted() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let (sink, seen) = events();
    let connection = transport.connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("orders.a", delivery).await?;
    let raw = raw(&server).await?;
    let names = consumers(&raw, "ORDERS").await?;
    ask(
        &raw,
        &format!("CONSUMER.DELETE.ORDERS.{}", names[0]),
        json!(null),
    )
    .await?;
    connection.publish(message("orders.a", "1")).await?;
    assert_eq!(messages.next().await.payload, "1");
    assert!(seen.is_empty(), "nothing was missed");
    assert_ne!(consumers(&raw, "ORDERS").await?, names);
    Ok(())
}

async fn stream_deleted() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let _subscription = connection.subscribe("orders.a", delivery().0).await?;
    ask(&raw(&server).await?, "STREAM.DELETE.ORDERS", json!(null)).await?;
    match seen.next().await {
        ConnectionEvent::Refused { reason } => {
            assert!(
                reason.contains("the subscription to `orders.a` broke"),
                "{reason}"
            );
            assert!(reason.contains("stream not found"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    connection.close().await;
    Ok(())
}

/// How many tasks there are; the test itself is none.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn closed() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    for _ in 0..20 {
        let (sink, seen) = events();
        let connection = transport.connect(sink).await?;
        let _one = connection.subscribe("orders.a", delivery().0).await?;
        let _two = connection.subscribe("orders.b.>", delivery().0).await?;
        assert!(tasks() > 0);
        connection.close().await;
        assert!(seen.is_empty(), "a close is no loss");
        eventually("no task is left", || tasks() == 0).await;
        let raw = raw(&server).await?;
        assert_eq!(consumers(&raw, "ORDERS").await?, [""; 0]);
        drop(raw);
        eventually("no task is left", || tasks() == 0).await;
    }
    Ok(())
}

async fn closed_without_server() -> Result<(), TestError> {
    let (mut server, transport) = with_orders()?;
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let _subscription = connection.subscribe("orders.a", delivery().0).await?;
    server.kill()?;
    assert!(is_lost(&seen.next().await));
    connection.close().await;
    eventually("no task is left", || tasks() == 0).await;
    Ok(())
}

async fn dropped() -> Result<(), TestError> {
    let (mut server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    let subscription = connection.subscribe("orders.a", delivery().0).await?;
    drop(connection);
    eventually("no task is left", || tasks() == 0).await;
    drop(subscription);
    // The server notices by itself, after its 5 s.
    let (sink, mut seen) = events();
    let connection = transport.connect(sink).await?;
    let _subscription = connection.subscribe("orders.a", delivery().0).await?;
    server.kill()?;
    assert!(is_lost(&seen.next().await));
    drop(connection);
    eventually("no task is left", || tasks() == 0).await;
    Ok(())
}

async fn after_close() -> Result<(), TestError> {
    let (server, transport) = with_orders()?;
    let connection = connect(&transport).await?;
    connection.close().await;
    connection.close().await;
    let error = connection
        .publish(message("orders.a", "1"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let error = connection
        .subscribe("orders.a", delivery().0)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    until_consumers(&raw(&server).await?, "ORDERS", 0).await
}
