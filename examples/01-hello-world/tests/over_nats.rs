//! The same service as a process of its own, behind a real NATS server. Payloads are typed here.
//!
//! The server is private to this run, or the one in `CHOREO_NATS_URL`; where there is none, the scenarios are
//! skipped.
//!
//! ```sh
//! cargo test -p hello-world --test over_nats -- --nocapture
//! ```

use std::process::Stdio;
use std::time::Duration;

use choreo::broker::Broker;
use choreo::prelude::*;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What a shop sends. The test has its own idea of the messages: it must notice when the service
/// changes its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Message)]
#[message(topic = "orders.created")]
struct OrderCreated {
    item_id: String,
    count: u32,
    gift: bool,
    channel: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct OrderProcessed {
    order_id: String,
    status: Status,
    order: Line,
    error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Completed,
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    item_id: String,
    count: u32,
}

/// A server, a service and one connection for the whole run.
#[choreo::harness]
async fn orders() -> Result<Harness> {
    let broker = Broker::nats().start().await?;
    let service = start_service(broker.url()).await?;
    Harness::builder(Nats::new(broker.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        // For failure texts: a topic that the service misspells is named.
        .watch("orders.>")
        .keep(service)
        .keep(broker)
        .connect()
        .await
}

/// Starts the order service and waits until it says that it is ready.
async fn start_service(url: &str) -> Result<Child> {
    let broken =
        |reason: &dyn std::fmt::Display| Error::harness(format!("order service: {reason}"));
    let mut service = Command::new(env!("CARGO_BIN_EXE_hello-world"))
        .arg(url)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| broken(&error))?;
    let output = service
        .stdout
        .take()
        .ok_or_else(|| broken(&"it has no output"))?;
    let first_line = BufReader::new(output).lines();
    let ready = async move { { first_line }.next_line().await };
    match tokio::time::timeout(Duration::from_secs(10), ready).await {
        Ok(Ok(Some(line))) if line == "ready" => Ok(service),
        Ok(Ok(line)) => Err(broken(&format_args!("not ready, it said {line:?}"))),
        Ok(Err(error)) => Err(broken(&error)),
        Err(_) => Err(broken(&"not ready within 10 s")),
    }
}

/// Pass: the struct names the topic, and the compiler knows its fields.
#[choreo::scenario(orders, timeout = 2s)]
async fn a_created_order_is_processed(s: Scenario<'_>) {
    let processed = expect!(s, OrderProcessed {
        status: Status::Completed,
        order: Line { count: 1..=1000, .. },
        error: absent,
        ..
    }, within 50ms);

    publish!(
        s,
        OrderCreated {
            item_id: "ITEM-42".into(),
            count: 3,
            ..OrderCreated::default()
        }
    );

    let result = settle!(s);
    assert_eq!(result[processed].message().order_id, "ORD-42");
}

/// Slow: wrapping takes longer than the budget allows.
#[choreo::scenario(orders, timeout = 2s)]
async fn a_gift_is_processed(s: Scenario<'_>) {
    expect!(s, OrderProcessed { status: Status::Completed, .. }, within 20ms);

    publish!(
        s,
        OrderCreated {
            item_id: "ITEM-7".into(),
            count: 1,
            gift: true,
            channel: None
        }
    );
}

/// Fail: the message came and was wrong.
#[choreo::scenario(orders, timeout = 300ms, should_fail = "an empty order is rejected")]
async fn an_empty_order_is_processed(s: Scenario<'_>) {
    expect!(s, OrderProcessed { status: Status::Completed, error: absent, .. }, within 50ms);

    publish!(
        s,
        OrderCreated {
            item_id: "ITEM-42".into(),
            ..OrderCreated::default()
        }
    );
}

/// Timeout: the service forgot the correlation id, so its answer belongs to nobody.
#[choreo::scenario(orders, timeout = 300ms, should_fail = "the adapter for old shops drops the id")]
async fn an_old_shop_gets_its_answer(s: Scenario<'_>) {
    expect!(s, OrderProcessed { .. }, within 50ms);

    publish!(
        s,
        OrderCreated {
            item_id: "ITEM-42".into(),
            count: 1,
            channel: Some("fax".into()),
            ..OrderCreated::default()
        }
    );
}

/// Error: what the broker refuses is not a timeout.
#[choreo::scenario(orders, timeout = 300ms, should_fail = "the payload is above the server's limit")]
async fn a_huge_order_is_processed(s: Scenario<'_>) {
    expect!(s, OrderProcessed { .. });

    publish!(
        s,
        OrderCreated {
            item_id: "ITEM-".repeat(1_000_000),
            count: 1,
            ..OrderCreated::default()
        }
    );
}

fn main() {
    choreo::main!()
}
