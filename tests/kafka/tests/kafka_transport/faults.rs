//! What happens when the broker is killed, suspended, restarted or cut off, or was never there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use choreo::transport::kafka::Kafka;
use choreo::transport::{Connection, ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::recording::Seen;
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer};

use super::support::{TestError, connect, delete_topic, delivery, events, message, refusal};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("faults::a_killed_broker_is_lost_within_a_second", killed)
        .test(
            "faults::a_suspended_broker_is_noticed_and_returns",
            suspended,
        )
        .test("faults::a_restarted_broker_is_restored", restarted)
        .test("faults::a_cut_network_is_restored_with_its_messages", cut)
        .embedded_test("faults::a_slow_cluster_is_connected_to", slow_cluster)
        .embedded_test("faults::a_leader_that_hangs_is_noticed", hanging_leader)
        .test("faults::a_deleted_topic_is_no_dead_broker", deleted_topic)
        .test("faults::a_refused_port_fails_at_once", refused_port)
        .test("faults::a_silent_port_fails_within_the_bound", silent_port)
        .test(
            "faults::a_publish_while_the_broker_is_away_ends",
            publish_while_away,
        )
        .test(
            "faults::close_is_quick_when_the_broker_hangs",
            close_while_suspended,
        )
        .test(
            "faults::a_foreign_advertised_address_is_refused",
            advertised,
        )
}

async fn lost(seen: &mut Seen<ConnectionEvent>) -> String {
    match seen.next().await {
        ConnectionEvent::Lost { reason } => reason,
        other => panic!("{other:?}"),
    }
}

async fn killed() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    let (events, mut seen) = events();
    let kafka = Kafka::new(server.url()).connect_timeout(Duration::from_secs(2));
    let connection = kafka.connect(events).await?;
    let _subscription = connection.subscribe("a", delivery().0).await?;
    let start = Instant::now();
    server.kill()?;
    let reason = lost(&mut seen).await;
    // The bound.
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(reason.contains(&server.url()), "{reason}");
    let error = connection.publish(message("a", "x")).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let error = connection.subscribe("b", delivery().0).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error}");
    let start = Instant::now();
    connection.close().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(seen.is_empty());
    Ok(())
}

async fn suspended() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let (events, mut seen) = events();
    let connection = Kafka::new(server.url()).connect(events).await?;
    let (deliver, mut messages) = delivery();
    let _subscription = connection.subscribe("a", deliver).await?;
    connection.publish(message("a", "before")).await?;
    assert_eq!(messages.next().await.payload, "before");
    let start = Instant::now();
    server.suspend()?;
    let reason = lost(&mut seen).await;
    assert!(
        start.elapsed() < Duration::from_secs(6),
        "{:?}",
        start.elapsed()
    );
    assert!(reason.contains("broke"), "{reason}");
    server.resume()?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    connection.publish(message("a", "after")).await?;
    assert_eq!(messages.next().await.payload, "after");
    connection.close().await;
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    let (events, mut seen) = events();
    let connection = Kafka::new(server.url()).connect(events).await?;
    let (deliver, mut messages) = delivery();
    let _subscription = connection.subscribe("a", deliver).await?;
    for number in 0..20 {
        connection.publish(message("a", number.to_string())).await?;
        assert_eq!(messages.next().await.payload, number.to_string());
    }
    // The broker process forgets its topics: what is subscribed to has to be there again, from its start.
    server.restart()?;
    lost(&mut seen).await;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    let other = connect(&Kafka::new(server.url())).await?;
    for number in 20..25 {
        other.publish(message("a", number.to_string())).await?;
        assert_eq!(messages.next().await.payload, number.to_string());
    }
    let (deliver, mut more) = delivery();
    let _subscription = connection.subscribe("b", deliver).await?;
    connection.publish(message("b", "x")).await?;
    assert_eq!(more.next().await.payload, "x");
    connection.close().await;
    Ok(())
}

async fn cut() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let (events, mut seen) = events();
    let connection = Kafka::new(mock.url()).connect(events).await?;
    let (deliver, mut messages) = delivery();
    let _subscription = connection.subscribe("a", deliver).await?;
    for round in 0..3 {
        connection.publish(message("a", round.to_string())).await?;
        assert_eq!(messages.next().await.payload, round.to_string());
        mock.down()?;
        lost(&mut seen).await;
        mock.up()?;
        assert_eq!(seen.next().await, ConnectionEvent::Restored);
    }
    connection.close().await;
    Ok(())
}

/// Each answer takes longer than what the connect waits in one go.
async fn slow_cluster() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    mock.delay(None, Duration::from_millis(300))?;
    let kafka = Kafka::new(mock.url()).connect_timeout(Duration::from_secs(10));
    let connection = connect(&kafka).await?;
    connection.publish(message("a", "x")).await?;
    connection.close().await;
    Ok(())
}

/// The other brokers answer, but the messages of one partition would come from it.
async fn hanging_leader() -> Result<(), TestError> {
    let mock = KafkaMock::start_with(3)?;
    mock.create_topic("a", 3)?;
    for partition in 0..3 {
        mock.lead("a", partition, u16::try_from(partition)? + 1)?;
    }
    let connection = connect(&Kafka::new(mock.url())).await?;
    connection.ping().await?;
    let subscription = connection.subscribe("a", delivery().0).await?;
    connection.ping().await?;
    mock.delay(Some(2), Duration::from_secs(60))?;
    let error = connection.ping().await.unwrap_err();
    assert!(
        error.to_string().contains("a leader of partitions"),
        "{error}"
    );
    drop(subscription);
    connection.close().await;
    Ok(())
}

async fn deleted_topic() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let connection = connect(&Kafka::new(server.url())).await?;
    let _a = connection.subscribe("a", delivery().0).await?;
    let _b = connection.subscribe("b", delivery().0).await?;
    delete_topic(&server.url(), "a").await?;
    connection.ping().await?;
    delete_topic(&server.url(), "b").await?;
    connection.ping().await?;
    connection.close().await;
    Ok(())
}

async fn refused_port() -> Result<(), TestError> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let start = Instant::now();
    let error = refusal(&Kafka::new(format!("127.0.0.1:{port}"))).await;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let text = error.to_string();
    assert!(
        text.contains("Connection refused") && text.contains("is the broker running"),
        "{text}"
    );
    Ok(())
}

async fn silent_port() -> Result<(), TestError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let kafka = Kafka::new(format!("127.0.0.1:{port}")).connect_timeout(Duration::from_millis(700));
    let start = Instant::now();
    let error = refusal(&kafka).await;
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}

async fn publish_while_away() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let (events, mut seen) = events();
    let connection = Kafka::new(server.url()).connect(events).await?;
    connection.publish(message("a", "x")).await?;
    server.suspend()?;
    let error = connection.publish(message("a", "y")).await.unwrap_err();
    assert!(
        matches!(
            error,
            TransportError::Lost { .. } | TransportError::Publish { .. }
        ),
        "{error}"
    );
    lost(&mut seen).await;
    connection.close().await;
    Ok(())
}

async fn close_while_suspended() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let connection = connect(&Kafka::new(server.url())).await?;
    let _subscription = connection.subscribe("a", delivery().0).await?;
    server.suspend()?;
    let start = Instant::now();
    connection.close().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn advertised() -> Result<(), TestError> {
    let server = KafkaServer::builder()
        .advertised("broker.example:9092")
        .start()?;
    let error = refusal(&Kafka::new(server.url())).await;
    let text = error.to_string();
    assert!(text.contains("broker.example:9092"), "{text}");
    Ok(())
}
