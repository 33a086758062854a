use choreo::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct OrderProcessed {
    id: String,
}

fn body(s: Scenario<'_>) {
    let id = String::from("ORD-42");
    expect!(s, OrderProcessed { id: (id.as_str()) });
    expect!(s, OrderProcessed { id: (id) });
    println!("{id}");
}

fn main() {}
