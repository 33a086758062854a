//! A scenario in a project that depends on nothing but Choreo.

use choreo::prelude::*;
use choreo::transport::Memory;

#[choreo::harness]
async fn orders() -> choreo::Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders, timeout = 500ms)]
async fn an_order_is_answered(s: Scenario<'_>) {
    reply!(s, "orders.created" => "orders.processed", { status: "COMPLETED" });
    expect!(s, "orders.processed", { status: "COMPLETED" }, within 50ms);

    publish!(s, "orders.created", { item_id: "ITEM-42" });
}

fn main() {
    choreo::main!()
}
