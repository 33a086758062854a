//! What the worker ships, and what it rejects.
//!
//! ```sh
//! cargo test -p rabbitmq-dead-letter
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

/// A private RabbitMQ, or the one in `CHOREO_RABBITMQ_URL`, and the worker. The exchange is the worker's own.
#[choreo::harness]
async fn shop() -> Result<Harness> {
    let broker = Broker::rabbitmq().start().await?;
    let worker = env!("CARGO_BIN_EXE_rabbitmq-dead-letter");
    let worker = example_support::start(worker, &[broker.url()]).await?;
    Harness::builder(Rabbit::new(broker.url()).existing_exchange("orders"))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(worker)
        .keep(broker)
        .connect()
        .await
}

#[choreo::scenario(shop, timeout = 5s)]
async fn an_order_is_shipped(s: Scenario<'_>) {
    expect!(s, "order.shipped", { id: 1, label: "to 1 Main Street" });
    publish!(s, "order.paid", { id: 1, address: "1 Main Street" });
}

/// Nobody reads the dead letters, so the test may watch the queue. The metadata says why the message is there.
#[choreo::scenario(shop, timeout = 5s)]
async fn an_order_without_an_address_becomes_a_dead_letter(s: Scenario<'_>) {
    expect!(s, "queue:shipping.dead", { id: 2 }, metadata {
        x_death: [{ reason: "rejected", queue: "shipping", exchange: "orders" }, ..],
    });
    publish!(s, "order.paid", { id: 2 });
}

/// A typo in a routing key is an error that says so, not a message that never comes.
#[choreo::scenario(shop, timeout = 5s, should_fail = "no queue is bound with this key")]
async fn a_message_that_no_queue_takes(s: Scenario<'_>) {
    expect!(s, "order.shipped", { id: 3 });
    publish!(s, "order.payed", { id: 3, address: "3 Main Street" });
}

fn main() {
    choreo::main!()
}
