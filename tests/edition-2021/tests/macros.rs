//! Expansions follow the rules of edition 2024; the code around them follows those of 2021, and the
//! crate has another name here.
#![forbid(unsafe_code)]

use dance::prelude::*;
use dance::serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Message)]
#[serde(crate = "dance::serde")]
#[message(topic = "orders.processed", crate = dance)]
struct OrderProcessed {
    id: String,
    gen: u32,
}

#[tokio::test]
async fn function_macros_work_under_another_name() -> dance::Result<()> {
    let harness = Harness::builder(Memory::new()).connect().await?;
    let mut scope = harness.scenario("renamed").open();
    let s = scope.arrange();
    let limit = 5;
    let typed = expect!(s, OrderProcessed { id: =~ "^ORD", gen: > limit }, within 5s);
    expect!(s, "orders.processed", { id: contains "ORD", gen: 1..=10, nothing: absent }, since typed);
    reply!(s, "orders.created" => "orders.processed", |order| {
        dance::json!({ "id": order["id"], "gen": 7 })
    });
    publish!(s, "orders.created", { id: "ORD-1" });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[typed].message().gen, 7);
    Ok(())
}
