//! The forms whose expansions edition rules could touch.
#![deny(warnings)]

use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
    amount: u32,
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "fraud.result")]
struct FraudResult {
    order_id: String,
    approved: bool,
}

/// `gen` is a word like any other before 2024.
#[choreo::scenario(orders, timeout = 2s)]
async fn gen(s: Scenario<'_>) {
    let prefix = String::from("ORD-");
    expect!(s, "orders.processed", { id: =~ r"^ORD-\d$", gen: 1, steps: [.., { state: "NEW" | "PART" }] });
    reply!(s, "orders.created", { count: 1..=5 } => "orders.processed", move |order| {
        json!({ "id": format!("{prefix}{}", order["id"]), "gen": 1, "steps": order["steps"] })
    });
    publish!(s, "orders.created", { id: 7, count: 5, steps: [{ state: "NEW" }] });
}

#[choreo::scenario(orders, timeout = 2s)]
async fn typed(s: Scenario<'_>) -> std::result::Result<(), std::num::ParseIntError> {
    let amount = "101".parse()?;
    reply!(s, FraudCheck { amount: > 100, .. } => async |check| FraudResult {
        order_id: check.order_id,
        approved: false,
    });
    let result = expect!(s, FraudResult { order_id: =~ "^ORD", approved: false });
    publish!(
        s,
        FraudCheck {
            order_id: "ORD-1".into(),
            amount
        }
    );
    assert_eq!(settle!(s)[result].message().order_id, "ORD-1");
    Ok(())
}

#[choreo::scenario(orders, timeout = 2s)]
async fn begun(s: Scenario<'_>) {
    expect!(s, "orders.created", { count: 2 });
    begin!(s);
    for count in 1..=2 {
        publish!(s, "orders.created", { count: count });
    }
}

fn main() {
    choreo::main!()
}
