//! Every form that the documentation shows, without a warning.
#![deny(warnings)]
#![forbid(unsafe_code)]

use std::time::Duration;

use choreo::prelude::*;

const LONG: Duration = Duration::from_secs(2);

/// Documented, public, and with a lint of its own.
#[choreo::harness]
#[expect(clippy::unused_async, reason = "an attribute of the user's")]
pub async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::harness()]
async fn infallible() -> Harness {
    match Harness::builder(Memory::new()).connect().await {
        Ok(harness) => harness,
        Err(error) => panic!("{error}"),
    }
}

#[choreo::harness]
async fn with_a_foreign_error() -> std::result::Result<Harness, std::io::Error> {
    Harness::builder(Memory::new()).connect().await.map_err(std::io::Error::other)
}

/// Documented.
#[choreo::scenario(orders)]
#[expect(clippy::unused_async, reason = "an attribute of the user's")]
pub(crate) async fn bare(s: Scenario<'_>) {
    choreo::expect!(s, "orders");
    publish!(s, "orders", {});
}

#[choreo::scenario(
    crate::orders,
    timeout = 1.5s,
    name = "every option",
    tags("slow", "nightly"),
    ignore = "shows the form",
    slow = deny,
    should_fail = "shows the form",
    crate = ::choreo,
)]
async fn every_option(_: Scenario<'_>) {}

#[choreo::scenario(self::infallible, timeout = LONG * 2, tags = ["slow"], slow = warn)]
async fn fallible(s: Scenario<'_>) -> std::result::Result<(), std::fmt::Error> {
    begin!(s);
    std::fmt::Write::write_str(&mut String::new(), "")?;
    settle!(s);
    Ok(())
}

mod inner {
    #[choreo::scenario(super::with_a_foreign_error)]
    async fn r#match(mut s: choreo::Scenario<'_>) {
        s = s;
        choreo::expect!(s, "orders");
        choreo::publish!(s, "orders", 5);
    }
}

#[cfg(any())]
mod gone {
    #[choreo::scenario(nowhere)]
    async fn gone(_: Nothing) {}
}

#[choreo::scenario(orders)]
#[cfg(any())]
async fn gone_below(_: Nothing) {}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
    amount: u32,
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "fraud.result")]
struct FraudResult<T> {
    order_id: String,
    approved: T,
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "orders.changed")]
#[message(crate = choreo)]
enum OrderChanged {
    Cancelled { reason: String },
    Shipped,
}

#[choreo::scenario(orders)]
async fn publications(s: Scenario<'_>) {
    let topic = String::from("orders");
    let order_id = "ORD-42";
    let check = FraudCheck { order_id: order_id.into(), amount: 5 };
    choreo::expect!(s, "orders");
    publish!(s, "orders", {
        plain: 1,
        "odd key": [1, { b: null }, [], (1 + 2)],
        type: (order_id),
        computed: order_id.len(),
        sum: 1 + 2,
        closure: [1, 2].iter().map(|n| n + 1).collect::<Vec<_>>(),
        block: ({ let n = 5; n * 2 }),
        asked: s.name(),
    });
    publish!(s, topic, [1, 2]);
    publish!(s, format!("orders.{order_id}"), null,);
    publish!(s, ("orders"), (order_id), headers { "x-source": "test", id: (order_id) }, key order_id);
    publish!(s, "orders", bytes b"\x00\xff");
    publish!(s, "orders", bytes "text", key b"k".as_slice());
    publish!(s, "orders", bytes (vec![0_u8, 1]), headers {});
    publish!(s, FraudCheck { order_id: order_id.into(), amount: 5 });
    publish!(s, check, headers { a: "1" });
    publish!(s, OrderChanged::Shipped);
    publish!(s, OrderChanged::Cancelled { reason: "late".into() }, key "k");
    for check in [check.clone(), check] {
        publish!(s, check);
    }
    publish!(s, "orders", {}, metadata { partition: 1 + 1, "x_death": [{ reason: order_id }, null] });
    publish!(s, OrderChanged::Shipped, metadata { priority: (5) }, key "k", headers {});
    if s.elapsed() > LONG {
        publish!(s, "orders", {});
    }
}

#[choreo::scenario(orders)]
async fn requests(s: Scenario<'_>) {
    let inbox = s.inbox();
    expect!(s, s.inbox(), { price: > 0 }, within 50ms);
    expect!(s, inbox, FraudCheck { amount: 5, .. });
    reply!(s, "prices.get" => _, |request| json!({ "item": request["item"] }));
    reply!(s, "prices.get" => _, async |request| json!({ "item": request["item"] }), times 2);
    reply!(s, "prices.get", { item: "X" }, headers { a: "1" } => _, { price: 5 });
    reply!(s, "prices.get", key "k", metadata { priority: > 4 } => _, bytes b"5");
    reply!(s, FraudCheck { amount: > 5, .. }, key _ => _, |check| {
        FraudResult { order_id: check.order_id, approved: true }
    });
    request!(s, "prices.get", { item: "X" });
    request!(s, FraudCheck { order_id: "ORD-42".into(), amount: 5 }, headers { a: "1" }, key "k");
    request!(s, "prices.get", null, metadata { correlation_id: "q-1" },);
}

#[choreo::scenario(orders)]
async fn replies(s: Scenario<'_>) {
    let prefix = String::from("ORD-");
    reply!(s, |check: FraudCheck| FraudResult { order_id: check.order_id, approved: true });
    reply!(s, async |check: FraudCheck| FraudResult { order_id: check.order_id, approved: 5 });
    reply!(
        s,
        |FraudCheck { order_id, amount }: FraudCheck| async move {
            FraudResult { order_id, approved: amount }
        },
        times 2
    );
    reply!(s, FraudCheck { amount: > 100, .. } => |check| {
        FraudResult { order_id: check.order_id, approved: false }
    }, times (1 + 1));
    reply!(s, OrderChanged::Cancelled { reason: =~ "late" } => "refunds", |_| json!({}));
    reply!(s, FraudCheck { .. } => "fraud.ignored", { static_answer: true });
    reply!(s, "orders.new" => "orders.processed", { id: 5, nested: [null] });
    reply!(s, "orders.new", { count: > 0 } => "orders.processed", move |order| {
        format!("{prefix}{}", order["id"])
    });
    reply!(s, "orders.new" => "orders.raw", bytes b"\x00");
    reply!(s, "orders.new" => "orders.typed", |order: FraudCheck| order.amount);
    reply!(s, "orders.new" => "orders.fallible", |order| -> std::result::Result<u32, std::num::ParseIntError> {
        order["id"].as_str().unwrap_or_default().parse()
    });
    begin!(s);
}

fn main() {
    // Compiled, not run: these scenarios show forms and expect nothing.
    let _run: fn() = || choreo::main!();
}
