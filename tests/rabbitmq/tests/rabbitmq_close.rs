//! After the end of a connection nothing of it is left: no task, no thread, no queue on the broker. One test
//! in a process of its own, as it counts threads.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use choreo::transport::rabbitmq::{Rabbit, RabbitAuth, RabbitConnection};
use choreo::transport::{
    Connection, ConnectionEvent, ConnectionEvents, Delivery, Outgoing, Transport, TransportError,
};
use choreo_test_brokers::{BrokerTests, RabbitServer, SENTINEL, TestError, broker_test_main};
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;

const BOUND: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("rabbitmq-server").test("nothing_is_left", nothing_is_left),
    )
}

fn events() -> (
    ConnectionEvents,
    tokio::sync::mpsc::UnboundedReceiver<ConnectionEvent>,
) {
    let (sender, receiver) = unbounded_channel();
    (
        ConnectionEvents::new(move |event| drop(sender.send(event))),
        receiver,
    )
}

/// A connection with subscriptions that has published.
async fn busy(rabbit: &Rabbit) -> Result<RabbitConnection, TestError> {
    let connection = rabbit.connect(events().0).await?;
    let (sender, mut receiver) = unbounded_channel();
    let delivery = Delivery::new(move |envelope| drop(sender.send(envelope)));
    // They outlive the connection, as a scenario's may.
    for topic in ["a", "b.#", "exchange:amq.fanout"] {
        std::mem::drop(connection.subscribe("short", Delivery::new(|_| ())).await?);
        Box::leak(Box::new(
            connection.subscribe(topic, delivery.clone()).await?,
        ));
    }
    connection.publish(Outgoing::new("a", "1")).await?;
    tokio::time::timeout(BOUND, receiver.recv()).await?.unwrap();
    Ok(connection)
}

/// Threads of the transport and of its client.
fn threads() -> Vec<String> {
    std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.starts_with("choreo-rabbit") || name.starts_with("lapin"))
        .collect()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn gone(when: &str) {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    let waited = tokio::time::timeout(BOUND, async {
        while tasks() > 0 || !threads().is_empty() {
            tick.tick().await;
        }
    });
    assert!(
        waited.await.is_ok(),
        "{when}: {} tasks, threads {:?}",
        tasks(),
        threads()
    );
}

async fn nothing_is_left() -> Result<(), TestError> {
    let mut server = RabbitServer::builder().start()?;
    let rabbit = Rabbit::new(server.url());
    for _ in 0..5 {
        let connection = busy(&rabbit).await?;
        assert!(tasks() > 0 && threads().len() >= 2, "{:?}", threads());
        connection.close().await;
        gone("close").await;
        connection.close().await;
        for error in [
            connection
                .publish(Outgoing::new("a", "1"))
                .await
                .unwrap_err(),
            connection
                .subscribe("a", Delivery::new(|_| ()))
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, TransportError::Lost { .. }), "{error}");
            assert!(error.to_string().contains("closed by the test"), "{error}");
        }
    }
    drop(busy(&rabbit).await?);
    gone("drop").await;
    unsubscribed(&server, &rabbit).await?;

    let wrong = rabbit.clone().auth(RabbitAuth::password("guest", SENTINEL));
    assert!(wrong.connect(events().0).await.is_err());
    gone("a refused log-in").await;

    let connection = busy(&rabbit).await?;
    let abandoned = busy(&rabbit).await?;
    server.suspend()?;
    let bounded = rabbit.clone().connect_timeout(Duration::from_millis(200));
    assert!(bounded.connect(events().0).await.is_err());
    let start = Instant::now();
    connection.close().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    drop((connection, abandoned));
    gone("a hanging server").await;
    server.resume()?;

    let (sink, mut seen) = events();
    let connection = rabbit.connect(sink).await?;
    server.kill()?;
    let event = tokio::time::timeout(BOUND, seen.recv()).await?;
    assert!(
        matches!(event, Some(ConnectionEvent::Lost { .. })),
        "{event:?}"
    );
    connection.close().await;
    gone("a killed server").await;
    assert!(seen.is_empty(), "a close is no event");
    assert!(rabbit.connect(events().0).await.is_err());
    gone("a refused port").await;
    Ok(())
}

/// Two hundred subscriptions one after the other leave nothing on the broker.
async fn unsubscribed(server: &RabbitServer, rabbit: &Rabbit) -> Result<(), TestError> {
    let connection = rabbit.connect(events().0).await?;
    for number in 0..200 {
        let topic = format!("topic.{number}");
        drop(connection.subscribe(&topic, Delivery::new(|_| ())).await?);
    }
    let kept = connection.subscribe("kept", Delivery::new(|_| ())).await?;
    let only_one = async {
        loop {
            // Asking takes the fraction of a second that the last ones may need to go.
            let queues = server.queues("/")?;
            if queues.len() == 1 {
                return Ok::<_, TestError>(());
            }
        }
    };
    tokio::time::timeout(BOUND, only_one).await??;
    drop(kept);
    connection.close().await;
    assert_eq!(server.queues("/")?, Vec::<String>::new());
    Ok(())
}
