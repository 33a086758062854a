//! The attributes, and the forms whose expansions edition rules could touch, under another name.
#![deny(warnings)]

use dance::prelude::*;
use dance::serde::{Deserialize, Serialize};

#[dance::harness(crate = dance)]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[serde(crate = "dance::serde")]
#[message(topic = "fraud.check", crate = dance)]
struct FraudCheck {
    order_id: String,
    amount: u32,
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[serde(crate = "dance::serde")]
#[message(topic = "fraud.result", crate = dance)]
struct FraudResult {
    order_id: String,
    approved: bool,
}

/// `gen` is a word like any other before 2024.
#[dance::scenario(orders, timeout = 2s, crate = dance)]
async fn gen(s: Scenario<'_>) {
    let prefix = String::from("ORD-");
    expect!(s, "orders.processed", { id: =~ r"^ORD-\d$", gen: 1, steps: [.., { state: "NEW" | "PART" }] });
    reply!(s, "orders.created", { count: 1..=5 } => "orders.processed", move |order| {
        json!({ "id": format!("{prefix}{}", order["id"]), "gen": 1, "steps": order["steps"] })
    });
    publish!(s, "orders.created", { id: 7, count: 5, steps: [{ state: "NEW" }] });
}

#[dance::scenario(orders, timeout = 2s, crate = dance)]
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

#[dance::scenario(orders, timeout = 2s, crate = dance)]
async fn begun(s: Scenario<'_>) {
    expect!(s, "orders.created", { count: 2 });
    begin!(s);
    for count in 1..=2 {
        publish!(s, "orders.created", { count: count });
    }
}

fn main() {
    dance::main!()
}
