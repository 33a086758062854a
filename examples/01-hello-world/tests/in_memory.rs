//! One scenario of each outcome. The service runs as a task of the test process; no broker is needed.
//!
//! ```sh
//! cargo test -p hello-world --test in_memory -- --nocapture
//! ```

use choreo::prelude::*;
use choreo::transport::{MemoryClient, TransportError};

/// One broker and one service for the whole run, shared by all scenarios.
#[choreo::harness]
async fn orders() -> choreo::Result<Harness> {
    let broker = Memory::new();
    serve(broker.client()).await?;
    Harness::builder(broker)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

/// The order service on the in-memory broker.
async fn serve(client: MemoryClient) -> Result<(), TransportError> {
    let mut created = client.subscribe(hello_world::CREATED).await?;
    tokio::spawn(async move {
        while let Some(order) = created.next().await {
            let client = client.clone();
            tokio::spawn(async move {
                if let Ok(processed) = hello_world::process(&order.payload).await {
                    // The broker is gone only when the test run is over.
                    let _ = client.publish(hello_world::PROCESSED, processed).await;
                }
            });
        }
    });
    Ok(())
}

/// Pass: the right message, within its budget.
#[choreo::scenario(orders, timeout = 500ms)]
async fn a_created_order_is_processed(s: Scenario<'_>) {
    expect!(s, "orders.processed", {
        order_id: =~ r"^ORD-\d+$",
        status: "COMPLETED",
        order: { item_id: "ITEM-42", count: > 0 },
        error: absent,
    }, within 50ms);

    publish!(s, "orders.created", { item_id: "ITEM-42", count: 3 });
}

/// Slow: the right message, over its budget. The run is still green, unless you ask for `--slow=deny`.
#[choreo::scenario(orders, timeout = 500ms)]
async fn a_gift_is_processed(s: Scenario<'_>) {
    expect!(s, "orders.processed", { status: "COMPLETED" }, within 20ms);

    publish!(s, "orders.created", { item_id: "ITEM-7", count: 1, gift: true });
}

/// Fail: a message came and was wrong.
#[choreo::scenario(orders, timeout = 200ms, should_fail = "an empty order is rejected")]
async fn an_empty_order_is_processed(s: Scenario<'_>) {
    expect!(s, "orders.processed", {
        status: "COMPLETED",
        order: { item_id: "ITEM-42", count: > 0 },
        error: absent,
    }, within 50ms);

    publish!(s, "orders.created", { item_id: "ITEM-42", count: 0 });
}

/// Timeout: nothing came, because the service forgot the correlation id.
#[choreo::scenario(orders, timeout = 200ms, should_fail = "the adapter for old shops drops the id")]
async fn an_old_shop_gets_its_answer(s: Scenario<'_>) {
    expect!(s, "orders.processed", { status: "COMPLETED" }, within 50ms);

    publish!(s, "orders.created", { item_id: "ITEM-42", count: 1, channel: "fax" });
}

/// Error: the scenario itself is wrong.
#[choreo::scenario(orders, timeout = 200ms, should_fail = "it expects nothing")]
async fn nothing_is_expected(s: Scenario<'_>) {
    publish!(s, "orders.created", { item_id: "ITEM-42", count: 1 });
}

fn main() {
    choreo::main!()
}
