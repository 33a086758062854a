use choreo::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct OrderProcessed {
    count: u32,
}

#[derive(Debug, Serialize, Message)]
#[message(topic = "orders.created")]
struct OrderCreated {
    count: u32,
}

fn body(s: Scenario<'_>) {
    expect!(s, OrderProcessed { count: 1 });
    expect!(s, OrderCreated { count: 1 });
    expect!(s, OrderCancelled { count: 1 });
}

fn main() {}
