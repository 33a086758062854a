//! A closed connection leaves no thread: neither ours nor one of the client library.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use choreo::transport::kafka::Kafka;
use choreo::transport::{Connection, ConnectionEvents, Delivery, Outgoing, Transport};
use choreo_test_brokers::{BrokerTests, KafkaMock, TestError, broker_test_main};

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nothing").embedded_test("close_and_drop_leave_no_thread", threads),
    )
}

/// The numbers of all threads of this process.
fn numbers() -> BTreeSet<OsString> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.map(|task| task.unwrap().file_name()).collect()
}

/// Threads of the client and of the transport, by name, but for those that were there before. A name would not
/// tell those: a thread gets it a moment after it has begun.
fn running(before: &BTreeSet<OsString>) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for number in numbers().difference(before) {
        let path = Path::new("/proc/self/task").join(number).join("comm");
        // One that ends while we look has no name any more.
        let Ok(name) = std::fs::read_to_string(path) else {
            continue;
        };
        let name = name.trim();
        let mock = ["rdk:mock", "choreo-kafka-mo"].contains(&name);
        if !mock
            && ["rdk:", "choreo-kafka", "producer", "admin"]
                .iter()
                .any(|start| name.starts_with(start))
        {
            *names.entry(name.to_owned()).or_default() += 1;
        }
    }
    names
}

async fn threads() -> Result<(), TestError> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mock = KafkaMock::start()?;
    let kafka = Kafka::new(mock.url());
    // The mock cluster has a client of its own.
    let before = numbers();
    let events = || ConnectionEvents::new(|_| {});
    let use_it = async |topic: &str| -> Result<_, TestError> {
        let connection = kafka.connect(events()).await?;
        let subscription = connection.subscribe(topic, Delivery::new(|_| {})).await?;
        connection.publish(Outgoing::new(topic, "x")).await?;
        Ok((connection, subscription))
    };

    let (connection, subscription) = use_it("a").await?;
    let during = running(&before);
    assert!(during.contains_key("choreo-kafka-re"), "{during:?}");
    connection.close().await;
    settled(&before).await?;
    connection.close().await;
    drop((connection, subscription));

    // When it is only dropped, they end on their own.
    let (connection, subscription) = use_it("b").await?;
    drop((subscription, connection));
    settled(&before).await?;

    // Also when the broker is gone, and when the connect is given up.
    let (connection, _subscription) = use_it("c").await?;
    mock.down()?;
    connection.close().await;
    settled(&before).await?;
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let nobody = Kafka::new(silent.local_addr()?.to_string());
    let nobody = nobody.connect_timeout(Duration::from_millis(300));
    assert!(nobody.connect(events()).await.is_err());
    settled(&before).await
}

/// A thread that was waited for is in the list of the kernel for a moment longer.
async fn settled(before: &BTreeSet<OsString>) -> Result<(), TestError> {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !running(before).is_empty() {
            tick.tick().await;
        }
    });
    waited
        .await
        .map_err(|_| format!("still there: {:?}", running(before)).into())
}
