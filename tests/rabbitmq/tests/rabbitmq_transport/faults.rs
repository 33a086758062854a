//! What goes wrong after the connect, and how soon it is told. Each test harms a broker of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::rabbitmq::{Rabbit, RabbitAuth};
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::{RabbitServer, RabbitUser};

use super::support::{SENTINEL, TestError, connect, delivery, events, message};

/// Killed and started again on the same port: everything comes back by itself.
pub(crate) async fn restarted() -> Result<(), TestError> {
    let mut server = RabbitServer::builder()
        .user(RabbitUser::new("me", SENTINEL))
        .start()?;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let rabbit = Rabbit::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(RabbitAuth::password("me", SENTINEL))
    });
    let (sink, mut seen) = events();
    let connection = rabbit.connect(sink).await?;
    let (on_key, mut keys) = delivery();
    let _key = connection.subscribe("back.*", on_key).await?;
    let (on_fanout, mut fanout) = delivery();
    let _fanout = connection
        .subscribe("exchange:amq.fanout", on_fanout)
        .await?;
    let inbox = connection.inbox().unwrap();
    let (on_inbox, mut answers) = delivery();
    let _inbox = connection.subscribe(&inbox, on_inbox).await?;
    let dropped = connection.subscribe("dropped", delivery().0).await?;

    for round in 0..2 {
        let start = Instant::now();
        server.kill()?;
        let event = seen.next().await;
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        let ConnectionEvent::Lost { reason } = event else {
            panic!("{event:?}");
        };
        assert!(
            reason.contains(&format!("127.0.0.1:{}", server.port())),
            "{reason}"
        );
        for error in [
            connection
                .publish(message("back.x", "1"))
                .await
                .unwrap_err(),
            connection
                .subscribe("other", delivery().0)
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, TransportError::Lost { .. }), "{error}");
            assert!(!error.to_string().contains(SENTINEL), "{error}");
        }
        server.restart()?;
        assert_eq!(seen.next().await, ConnectionEvent::Restored);
        let publisher = connect(&rabbit).await?;
        for (topic, messages) in [
            ("back.x", &mut keys),
            ("exchange:amq.fanout", &mut fanout),
            (&*inbox, &mut answers),
        ] {
            for connection in [&publisher, &connection] {
                connection
                    .publish(message(topic, round.to_string()))
                    .await?;
                assert_eq!(messages.next().await.payload, round.to_string(), "{topic}");
            }
        }
        publisher.close().await;
    }
    assert!(seen.is_empty());
    assert!(asked.load(Ordering::SeqCst) > 3, "a reconnect asks again");
    drop(dropped);
    connection.close().await;
    assert_eq!(server.queues("/")?, Vec::<String>::new());
    Ok(())
}

/// A broker short of memory takes no messages: publishers hear why and do not wait.
pub(crate) async fn blocking() -> Result<(), TestError> {
    let server = RabbitServer::builder().short_of_memory().start()?;
    let (sink, mut seen) = events();
    let connection = Rabbit::new(server.url()).connect(sink).await?;
    let _subscription = connection.subscribe("a", delivery().0).await?;
    for _ in 0..2 {
        let error = connection.publish(message("a", "1")).await.unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("takes no messages at present") && text.contains("memory"),
            "{text}"
        );
    }
    let event = seen.next().await;
    assert!(
        matches!(event, ConnectionEvent::Refused { .. }),
        "{event:?}"
    );
    connection.close().await;
    Ok(())
}

/// Stopped without a word: heartbeats notice it, whoever waits is told, and it comes back.
pub(crate) async fn hanging() -> Result<(), TestError> {
    let server = RabbitServer::builder().start()?;
    let rabbit = Rabbit::new(server.url());
    let (sink, mut seen) = events();
    let connection = Arc::new(rabbit.connect(sink).await?);
    let (on_key, mut messages) = delivery();
    let _subscription = connection.subscribe("back", on_key).await?;
    let bounded = rabbit.clone().connect_timeout(Duration::from_millis(300));
    let impatient = connect(&bounded).await?;

    server.suspend()?;
    let start = Instant::now();
    let publisher = Arc::clone(&connection);
    let publishing = tokio::spawn(async move { publisher.publish(message("back", "1")).await });
    let error = impatient.subscribe("a", delivery().0).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("did not confirm it within 300ms"),
        "{error}"
    );
    let error = connect(&bounded).await.unwrap_err();
    assert!(error.to_string().contains("longer than 300ms"), "{error}");
    let event = seen.next().await;
    let ConnectionEvent::Lost { reason } = event else {
        panic!("{event:?}");
    };
    assert!(reason.contains("no heartbeat"), "{reason}");
    assert!(
        start.elapsed() < Duration::from_secs(9),
        "{:?}",
        start.elapsed()
    );
    let error = publishing.await?.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");

    server.resume()?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    connection.publish(message("back", "2")).await?;
    // The first one may have reached the broker before it was stopped.
    while messages.next().await.payload != "2" {}
    Ok(())
}
