//! What goes wrong after the connect, and how soon it is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::nats::{Nats, NatsAuth};
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::{BrokerTests, NatsServer, User};
use tokio::runtime::Handle;

use super::support::{SENTINEL, TestError, connect, delivery, events, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("faults::a_payload_over_the_limit_is_an_error", max_payload)
        .test(
            "faults::a_forbidden_subscription_is_an_error",
            forbidden_subscription,
        )
        .test(
            "faults::a_forbidden_publication_is_an_event",
            forbidden_publication,
        )
        .test(
            "faults::readiness_needs_no_permission_for_inboxes",
            forbidden_inbox,
        )
        .test(
            "faults::a_cancelled_subscription_disturbs_no_other",
            cancelled,
        )
        .test("faults::a_killed_server_is_told_within_a_second", killed)
        .test(
            "faults::a_restarted_server_restores_the_subscriptions",
            restarted,
        )
        .test("faults::a_hanging_server_is_told", hanging)
        .test("faults::close_leaves_no_task", closed)
        .test(
            "faults::close_leaves_no_task_when_the_server_is_gone",
            closed_without_server,
        )
        .test("faults::a_dropped_connection_leaves_no_task", dropped)
        .test("faults::after_close_everything_is_an_error", after_close)
}

async fn max_payload() -> Result<(), TestError> {
    let server = NatsServer::builder().max_payload(1_048_576).start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("large", delivery).await?;
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
    for part in ["`large`", "1048576", "1048577", "max_payload"] {
        assert!(text.contains(part), "{text}");
    }
    // Only that message was refused.
    connection.publish(message("large", "small")).await?;
    assert_eq!(seen.next().await.payload, "small");
    Ok(())
}

/// Someone who may use inboxes, and `open.>`.
fn restricted() -> User {
    User::password("me", SENTINEL)
        .may_publish(&["open.>", "_INBOX.>"])
        .may_subscribe(&["open.>", "_INBOX.>"])
}

fn as_me(server: &NatsServer) -> Nats {
    Nats::new(server.url()).auth(NatsAuth::user_password("me", SENTINEL))
}

async fn forbidden_subscription() -> Result<(), TestError> {
    let server = NatsServer::builder().user(restricted()).start()?;
    let (sink, seen) = events();
    let connection = as_me(&server).connect(sink).await?;
    for _ in 0..200 {
        let error = connection
            .subscribe("closed.door", delivery().0)
            .await
            .unwrap_err();
        assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("Permissions Violation for Subscription to \"closed.door\""),
            "{text}"
        );
        assert!(!text.contains(SENTINEL), "{text}");
    }
    assert!(
        seen.is_empty(),
        "the caller has the error, so it is no event"
    );
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("open.door", delivery).await?;
    connection.publish(message("open.door", "1")).await?;
    assert_eq!(messages.next().await.payload, "1");
    Ok(())
}

async fn forbidden_publication() -> Result<(), TestError> {
    let server = NatsServer::builder().user(restricted()).start()?;
    let (sink, mut seen) = events();
    let connection = as_me(&server).connect(sink).await?;
    connection.publish(message("closed.door", "1")).await?;
    match seen.next().await {
        ConnectionEvent::PublishRefused { topic, reason } => {
            assert_eq!(topic, "closed.door");
            assert!(
                reason.contains("Permissions Violation for Publish to \"closed.door\""),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

async fn forbidden_inbox() -> Result<(), TestError> {
    let everything_else: &[&str] = &["open.>"];
    let guest = User::password("guest", SENTINEL).may_publish(everything_else);
    let server = NatsServer::builder()
        .anonymous("guest")
        .user(guest.may_subscribe(everything_else))
        .start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let error = connection
        .subscribe("closed", delivery().0)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("Permissions Violation"),
        "{error}"
    );
    for (publish, subscribe) in [(true, false), (false, true), (false, false)] {
        let mut user = User::password("me", SENTINEL);
        user = user.may_publish(if publish { &[">"] } else { everything_else });
        user = user.may_subscribe(if subscribe { &[">"] } else { everything_else });
        let server = NatsServer::builder().user(user).start()?;
        let (sink, mut seen) = events();
        let connection = as_me(&server).connect(sink).await?;
        let publisher = connect(&as_me(&server)).await?;
        for round in 0..100 {
            let (delivery, mut messages) = delivery();
            let topic = format!("open.{round}");
            let _subscription = connection.subscribe(&topic, delivery).await?;
            publisher.publish(message(&topic, "1")).await?;
            assert_eq!(messages.next().await.payload, "1");
        }
        if !subscribe {
            let error = connection
                .subscribe("closed", delivery().0)
                .await
                .unwrap_err();
            assert!(
                error.to_string().contains("Permissions Violation"),
                "{error}"
            );
        }
        assert!(
            seen.is_empty(),
            "publish {publish}, subscribe {subscribe}: {:?}",
            seen.next().await
        );
    }
    Ok(())
}

/// A question that nobody waits for any longer must not shift the answers of the next ones.
async fn cancelled() -> Result<(), TestError> {
    let server = NatsServer::builder().user(restricted()).start()?;
    let connection = connect(&as_me(&server)).await?;
    let publisher = connect(&as_me(&server)).await?;
    for round in 0..200_u64 {
        let topic = format!("open.{round}");
        let bound = Duration::from_micros(round * 5);
        let cancelled = connection.subscribe(&topic, delivery().0);
        drop(tokio::time::timeout(bound, cancelled).await);
        let (delivery, mut messages) = delivery();
        let _subscription = connection.subscribe(&topic, delivery).await?;
        publisher.publish(message(&topic, "1")).await?;
        assert_eq!(messages.next().await.payload, "1");
        let error = connection
            .subscribe("closed", super::support::delivery().0)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("Permissions Violation"),
            "{error}"
        );
    }
    Ok(())
}

async fn killed() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let (sink, mut seen) = events();
    let connection = Nats::new(server.url()).connect(sink).await?;
    let _subscription = connection.subscribe("a", delivery().0).await?;
    let start = Instant::now();
    server.kill()?;
    let event = seen.next().await;
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    match event {
        ConnectionEvent::Lost { reason } => {
            assert!(
                reason.contains(&format!("127.0.0.1:{}", server.port())),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    let error = connection.publish(message("a", "1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let error = connection.subscribe("b", delivery().0).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = NatsServer::builder()
        .user_password("me", SENTINEL)
        .start()?;
    let (sink, mut seen) = events();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let nats = Nats::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(NatsAuth::user_password("me", SENTINEL))
    });
    let connection = nats.connect(sink).await?;
    let (delivery, mut messages) = delivery();
    let _subscription = connection.subscribe("back", delivery).await?;
    for round in 0..5 {
        server.restart()?;
        assert!(matches!(seen.next().await, ConnectionEvent::Lost { .. }));
        assert_eq!(seen.next().await, ConnectionEvent::Restored);
        let publisher = connect(&as_me(&server)).await?;
        publisher
            .publish(message("back", round.to_string()))
            .await?;
        assert_eq!(messages.next().await.payload, round.to_string());
        connection.publish(message("back", "own")).await?;
        assert_eq!(messages.next().await.payload, "own");
    }
    assert!(seen.is_empty());
    assert!(asked.load(Ordering::SeqCst) > 5, "a reconnect asks again");
    Ok(())
}

async fn hanging() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url()).connect_timeout(Duration::from_millis(300));
    let (sink, mut seen) = events();
    let connection = nats.connect(sink).await?;
    server.suspend()?;
    let start = Instant::now();
    let error = connection.subscribe("a", delivery().0).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("did not confirm it within 300ms"),
        "{error}"
    );
    assert!(matches!(seen.next().await, ConnectionEvent::Lost { .. }));
    assert!(
        start.elapsed() < Duration::from_secs(9),
        "{:?}",
        start.elapsed()
    );
    server.resume()?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    Ok(())
}

/// How many tasks there are; the test itself is none.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn closed() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    for _ in 0..20 {
        let (sink, seen) = events();
        let connection = Nats::new(server.url()).connect(sink).await?;
        let _one = connection.subscribe("a", delivery().0).await?;
        let _two = connection.subscribe("b.>", delivery().0).await?;
        assert!(tasks() > 0);
        connection.close().await;
        assert!(seen.is_empty(), "a close is no loss");
        // The client's last task lets go of our callback while it ends.
        super::support::eventually("no task is left", || tasks() == 0).await;
    }
    Ok(())
}

async fn closed_without_server() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let (sink, mut seen) = events();
    let connection = Nats::new(server.url()).connect(sink).await?;
    let _subscription = connection.subscribe("a", delivery().0).await?;
    server.kill()?;
    assert!(matches!(seen.next().await, ConnectionEvent::Lost { .. }));
    let start = Instant::now();
    connection.close().await;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    super::support::eventually("no task is left", || tasks() == 0).await;
    Ok(())
}

async fn dropped() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let subscription = connection.subscribe("a", delivery().0).await?;
    drop(connection);
    super::support::eventually("no task is left", || tasks() == 0).await;
    drop(subscription);

    let (sink, mut seen) = events();
    let connection = Nats::new(server.url()).connect(sink).await?;
    server.kill()?;
    assert!(matches!(seen.next().await, ConnectionEvent::Lost { .. }));
    drop(connection);
    super::support::eventually("no task is left", || tasks() == 0).await;
    Ok(())
}

async fn after_close() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    connection.close().await;
    connection.close().await;
    let error = connection.publish(message("a", "1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let error = connection.subscribe("a", delivery().0).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    Ok(())
}
