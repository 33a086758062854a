//! What goes wrong after the connect, and how soon it is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::redis::{Redis, RedisAuth, RedisStreams};
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::{BrokerTests, RedisServer};
use tokio::runtime::Handle;

use super::support::{SENTINEL, Seen, TestError, connect, delivery, events, eventually, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("faults::a_payload_over_the_limit_is_an_error", too_large)
        .test("faults::a_full_server_is_an_error", full)
        .test("faults::a_replica_is_an_error", replica)
        .test("faults::a_killed_server_is_told_within_a_second", killed)
        .test(
            "faults::a_restarted_server_restores_the_channels",
            restarted_channels,
        )
        .test(
            "faults::a_restarted_server_restores_the_streams",
            restarted_streams,
        )
        .test("faults::a_reader_misses_nothing", reader_killed)
        .test(
            "faults::a_hanging_server_is_told_by_channels",
            hanging_channels,
        )
        .test(
            "faults::a_hanging_server_is_told_by_streams",
            hanging_streams,
        )
        .test("faults::close_leaves_nothing", closed)
        .test(
            "faults::close_leaves_nothing_when_the_server_is_gone",
            closed_without_server,
        )
        .test("faults::a_dropped_connection_leaves_nothing", dropped)
        .test("faults::after_close_everything_is_an_error", after_close)
}

async fn too_large() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .proto_max_bulk_len(1_048_576)
        .start()?;
    is_limited(&Redis::new(server.url())).await?;
    is_limited(&RedisStreams::new(server.url())).await
}

async fn is_limited<T: Transport>(transport: &T) -> Result<(), TestError> {
    let (sink, mut told) = events();
    let connection = transport.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("large", sink).await?;
    connection
        .publish(message("large", vec![7; 1_048_576]))
        .await?;
    assert_eq!(seen.next().await.payload, vec![7; 1_048_576]);
    let error = connection
        .publish(message("large", vec![7; 1_048_577]))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    let text = error.to_string();
    for part in ["`large`", "invalid bulk length", "proto-max-bulk-len"] {
        assert!(text.contains(part), "{text}");
    }
    // The server ends a connection with such a request; a new one is opened.
    assert!(matches!(told.next().await, ConnectionEvent::Lost { .. }));
    assert_eq!(told.next().await, ConnectionEvent::Restored);
    connection.publish(message("large", "small")).await?;
    assert_eq!(seen.next().await.payload, "small");
    Ok(())
}

async fn full() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&RedisStreams::new(server.url())).await?;
    server.execute(&["CONFIG", "SET", "maxmemory", "1"])?;
    let error = connection.publish(message("a", "1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    assert!(error.to_string().contains("OOM"), "{error}");
    Ok(())
}

async fn replica() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&RedisStreams::new(server.url())).await?;
    server.execute(&["REPLICAOF", "127.0.0.1", "1"])?;
    let error = connection.publish(message("a", "1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    assert!(error.to_string().contains("READONLY"), "{error}");
    Ok(())
}

async fn killed() -> Result<(), TestError> {
    let mut server = RedisServer::builder().start()?;
    let (sink, mut channels_told) = events();
    let channels = Redis::new(server.url()).connect(sink).await?;
    let (sink, mut streams_told) = events();
    let streams = RedisStreams::new(server.url()).connect(sink).await?;
    let _channel = channels.subscribe("a", delivery().0).await?;
    let _stream = streams.subscribe("a", delivery().0).await?;
    let start = Instant::now();
    server.kill()?;
    for told in [&mut channels_told, &mut streams_told] {
        is_lost(told, "did the server stop?").await;
    }
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    for error in [
        channels.publish(message("a", "1")).await.unwrap_err(),
        channels.subscribe("b", delivery().0).await.unwrap_err(),
        streams.publish(message("a", "1")).await.unwrap_err(),
        streams.subscribe("b", delivery().0).await.unwrap_err(),
    ] {
        assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    }
    Ok(())
}

async fn is_lost(told: &mut Seen<ConnectionEvent>, words: &str) {
    match told.next().await {
        ConnectionEvent::Lost { reason } => assert!(reason.contains(words), "{reason}"),
        other => panic!("{other:?}"),
    }
}

async fn restarted_channels() -> Result<(), TestError> {
    let mut server = RedisServer::builder().password(SENTINEL).start()?;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let redis = Redis::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(RedisAuth::password(SENTINEL))
    });
    let (sink, mut told) = events();
    let connection = redis.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _channel = connection.subscribe("channel", sink.clone()).await?;
    let _pattern = connection.subscribe("pattern.*", sink).await?;
    drop(connection.subscribe("unwanted", delivery().0).await?);
    for round in 0..5 {
        server.restart()?;
        is_lost(&mut told, "did the server stop?").await;
        assert_eq!(told.next().await, ConnectionEvent::Restored);
        assert_eq!(server.subscriptions()?, 2);
        let publisher = connect(&redis).await?;
        for topic in ["channel", "pattern.x"] {
            publisher
                .publish(message(topic, format!("{round}")))
                .await?;
            let envelope = seen.next().await;
            assert_eq!(
                (&*envelope.topic, envelope.payload),
                (topic, format!("{round}").into())
            );
        }
    }
    assert!(asked.load(Ordering::SeqCst) > 5, "a reconnect asks again");
    Ok(())
}

async fn restarted_streams() -> Result<(), TestError> {
    let mut server = RedisServer::builder().start()?;
    let (sink, mut told) = events();
    let streams = RedisStreams::new(server.url());
    let connection = streams.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("stream", sink.clone()).await?;
    let group = connect(&streams.clone().group("workers")).await?;
    let (sink, mut group_seen) = delivery();
    let _member = group.subscribe("stream", sink).await?;
    for round in 0..5 {
        server.restart()?;
        is_lost(&mut told, "did the server stop?").await;
        assert_eq!(told.next().await, ConnectionEvent::Restored);
        connection
            .publish(message("stream", format!("{round}")))
            .await?;
        assert_eq!(seen.next().await.payload, format!("{round}"));
        assert_eq!(group_seen.next().await.payload, format!("{round}"));
    }
    Ok(())
}

async fn reader_killed() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let (sink, mut told) = events();
    let connection = RedisStreams::new(server.url()).connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("stream", sink).await?;
    for number in 0..5 {
        server.execute(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])?;
        server.execute(&["XADD", "stream", "*", "payload", &format!("{number}")])?;
        assert!(matches!(told.next().await, ConnectionEvent::Lost { .. }));
        assert_eq!(told.next().await, ConnectionEvent::Restored);
        assert_eq!(seen.next().await.payload, format!("{number}"));
    }
    assert!(seen.is_empty());
    Ok(())
}

async fn hanging_channels() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    hangs(
        &server,
        &Redis::new(server.url()).connect_timeout(HANG_BOUND),
    )
    .await
}

async fn hanging_streams() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    hangs(
        &server,
        &RedisStreams::new(server.url()).connect_timeout(HANG_BOUND),
    )
    .await
}

const HANG_BOUND: Duration = Duration::from_millis(300);

async fn hangs<T: Transport>(server: &RedisServer, transport: &T) -> Result<(), TestError> {
    let (sink, mut told) = events();
    let connection = transport.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("before", sink).await?;
    server.suspend()?;
    let start = Instant::now();
    let subscribed = connection.subscribe("a", delivery().0).await;
    let error = subscribed.map(drop).unwrap_err();
    assert!(error.to_string().contains("within 300ms"), "{error}");
    is_lost(&mut told, "did not answer a").await;
    assert!(
        start.elapsed() < Duration::from_secs(9),
        "{:?}",
        start.elapsed()
    );
    server.resume()?;
    assert_eq!(told.next().await, ConnectionEvent::Restored);
    connection.publish(message("before", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    Ok(())
}

/// How many tasks there are; the test itself is none.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn closed() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    for _ in 0..10 {
        ends(&server, &Redis::new(server.url()), true).await?;
        ends(&server, &RedisStreams::new(server.url()), true).await?;
        ends(&server, &RedisStreams::new(server.url()).group("g"), true).await?;
    }
    Ok(())
}

async fn dropped() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    ends(&server, &Redis::new(server.url()), false).await?;
    ends(&server, &RedisStreams::new(server.url()), false).await?;
    ends(&server, &RedisStreams::new(server.url()).group("g"), false).await
}

/// Opens a connection with subscriptions, and ends it: nothing is left here and on the server.
async fn ends<T: Transport>(
    server: &RedisServer,
    transport: &T,
    close: bool,
) -> Result<(), TestError> {
    let (sink, mut told) = events();
    let connection = transport.connect(sink).await?;
    let _one = connection.subscribe("a", delivery().0).await?;
    let _two = connection.subscribe("b", delivery().0).await?;
    assert!(tasks() > 0 && server.connections()? > 0);
    if close {
        connection.close().await;
        assert_eq!(tasks(), 0);
    } else {
        drop(connection);
        eventually("no task is left", || tasks() == 0).await;
    }
    assert!(told.is_empty(), "a close is no loss");
    eventually("the server has no connection", || {
        server.connections().unwrap() == 0
    })
    .await;
    Ok(())
}

async fn closed_without_server() -> Result<(), TestError> {
    let mut server = RedisServer::builder().start()?;
    let (sink, mut channels_told) = events();
    let channels = Redis::new(server.url()).connect(sink).await?;
    let (sink, mut streams_told) = events();
    let streams = RedisStreams::new(server.url())
        .group("g")
        .connect(sink)
        .await?;
    let _channel = channels.subscribe("a", delivery().0).await?;
    let _stream = streams.subscribe("a", delivery().0).await?;
    server.kill()?;
    is_lost(&mut channels_told, "did the server stop?").await;
    is_lost(&mut streams_told, "did the server stop?").await;
    let start = Instant::now();
    channels.close().await;
    streams.close().await;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(tasks(), 0);
    Ok(())
}

async fn after_close() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    is_closed(&Redis::new(server.url())).await?;
    is_closed(&RedisStreams::new(server.url())).await
}

async fn is_closed<T: Transport>(transport: &T) -> Result<(), TestError> {
    let connection = connect(transport).await?;
    connection.close().await;
    connection.close().await;
    let error = connection.publish(message("a", "1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let subscribed = connection.subscribe("a", delivery().0).await;
    let error = subscribed.map(drop).unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    Ok(())
}
