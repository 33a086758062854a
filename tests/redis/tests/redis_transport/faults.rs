//! What goes wrong after the connect, and how soon it is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::redis::{Redis, RedisAuth, RedisStreams};
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::recording::Seen;
use choreo_test_brokers::{BrokerTests, RedisServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::support::{SENTINEL, TestError, connect, delivery, events, eventually, message};

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
        .test("faults::a_permission_that_goes_is_told", lost_permission)
        .test("faults::a_reader_misses_nothing", reader_killed)
        .test(
            "faults::a_hanging_server_is_told_by_channels",
            hanging_channels,
        )
        .test(
            "faults::a_hanging_server_is_told_by_streams",
            hanging_streams,
        )
        .test("faults::a_slow_line_is_no_silence", slow_line)
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
        .user("alice", SENTINEL, "~* &* +@all -config")
        .password(SENTINEL)
        .start()?;
    let anyone = RedisAuth::password(SENTINEL);
    is_limited(&Redis::new(server.url()).auth(anyone.clone())).await?;
    is_limited(&RedisStreams::new(server.url()).auth(anyone)).await?;
    let alice = RedisAuth::user_password("alice", SENTINEL);
    ends_by_limit(&Redis::new(server.url()).auth(alice.clone())).await?;
    ends_by_limit(&RedisStreams::new(server.url()).auth(alice)).await
}

async fn is_limited<T: Transport>(transport: &T) -> Result<(), TestError> {
    let (sink, told) = events();
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
    for part in ["`large`", "1048576", "1048577", "proto-max-bulk-len"] {
        assert!(text.contains(part), "{text}");
    }
    // Only that message was refused.
    connection.publish(message("large", "small")).await?;
    assert_eq!(seen.next().await.payload, "small");
    assert!(told.is_empty());
    Ok(())
}

/// For someone who may not ask for the limit: the server ends a connection with such a request.
async fn ends_by_limit<T: Transport>(transport: &T) -> Result<(), TestError> {
    let (sink, mut told) = events();
    let connection = transport.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("large", sink).await?;
    let published = connection.publish(message("large", vec![7; 1_048_577]));
    let error = published.await.unwrap_err();
    match &error {
        TransportError::Publish { reason, .. } => {
            assert!(reason.contains("invalid bulk length"), "{error}");
            assert!(reason.contains("proto-max-bulk-len"), "{error}");
        }
        TransportError::Lost { .. } => {}
        _ => panic!("{error}"),
    }
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
    let newer = RedisServer::builder().password(SENTINEL);
    restores_channels(newer.start()?).await?;
    let older = RedisServer::builder()
        .password(SENTINEL)
        .setting("rename-command HELLO \"\"");
    restores_channels(older.start()?).await
}

async fn restores_channels(mut server: RedisServer) -> Result<(), TestError> {
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

async fn lost_permission() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user("alice", SENTINEL, "&a &b +@all")
        .start()?;
    let (sink, mut told) = events();
    let redis = Redis::new(server.url()).auth(RedisAuth::user_password("alice", SENTINEL));
    let connection = redis.connect(sink).await?;
    let (sink, mut seen) = delivery();
    let _kept = connection.subscribe("a", sink.clone()).await?;
    let _lost = connection.subscribe("b", sink).await?;
    // The server ends the connections of those who have subscribed to what they no longer may.
    server.execute(&["ACL", "SETUSER", "alice", "resetchannels", "&a"])?;
    is_lost(&mut told, "did the server stop?").await;
    assert_eq!(told.next().await, ConnectionEvent::Restored);
    match told.next().await {
        ConnectionEvent::Refused { reason } => {
            assert!(
                reason.contains("`b`") && reason.contains("NOPERM"),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    connection.publish(message("a", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
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

async fn slow_line() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("redis://{}", listener.local_addr()?);
    let proxy = tokio::spawn(throttle(listener, server.port()));
    let (channels, streams) = tokio::join!(
        outlasts(Redis::new(&url), Redis::new(server.url())),
        outlasts(RedisStreams::new(&url), RedisStreams::new(server.url())),
    );
    proxy.abort();
    channels.and(streams)
}

/// Sends what takes longer than the answer to a ping may take.
async fn outlasts<T: Transport>(slow: T, direct: T) -> Result<(), TestError> {
    let (sink, mut told) = events();
    let subscriber = slow.connect(sink).await?;
    let publisher = connect(&direct).await?;
    let (sink, mut seen) = delivery();
    let _subscription = subscriber.subscribe("large", sink).await?;
    let start = Instant::now();
    publisher
        .publish(message("large", vec![7; 600_000]))
        .await?;
    tokio::select! {
        envelope = seen.next() => assert_eq!(envelope.payload.len(), 600_000),
        event = told.next() => panic!("{event:?}"),
    }
    assert!(start.elapsed() > Duration::from_secs(4), "it was not slow");
    assert!(told.is_empty());
    Ok(())
}

/// Passes on what the server sends, 10 kB every tenth of a second.
async fn throttle(listener: TcpListener, port: u16) -> io::Result<()> {
    let mut lines = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await?;
        let (mut from_client, mut to_client) = client.into_split();
        let server = TcpStream::connect(("127.0.0.1", port)).await?;
        let (mut from_server, mut to_server) = server.into_split();
        lines.spawn(async move {
            drop(tokio::io::copy(&mut from_client, &mut to_server).await);
        });
        lines.spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(100));
            let mut bytes = vec![0; 10_000];
            while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
                if to_client.write_all(&bytes[..count]).await.is_err() {
                    break;
                }
                tick.tick().await;
            }
        });
    }
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
    let (sink, told) = events();
    let connection = transport.connect(sink).await?;
    let _one = connection.subscribe("a", delivery().0).await?;
    let _two = connection.subscribe("b", delivery().0).await?;
    assert!(tasks() > 0 && server.connections()? > 0);
    if close {
        connection.close().await;
    } else {
        drop(connection);
    }
    // The runtime lets go of a task after it has told that it ended.
    eventually("no task is left", || tasks() == 0).await;
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
    eventually("no task is left", || tasks() == 0).await;
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
