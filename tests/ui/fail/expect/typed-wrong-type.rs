use choreo::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct OrderProcessed {
    order_id: String,
    status: Status,
    count: u32,
    discount: Option<f64>,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Status {
    Completed,
    Rejected { reason: String },
    Retried(u32),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Item {
    sku: String,
}

fn body(s: Scenario<'_>) {
    expect!(s, OrderProcessed { order_id: 42, .. });
    expect!(s, OrderProcessed { count: "3", .. });
    expect!(s, OrderProcessed { count: > 2.5, .. });
    expect!(s, OrderProcessed { count: 1..="9", .. });
    expect!(s, OrderProcessed { discount: > "low", .. });
    expect!(s, OrderProcessed { status: > 5, .. });
    expect!(s, OrderProcessed { status: Some("COMPLETED"), .. });
    expect!(s, OrderProcessed { items: [5], .. });
    expect!(s, OrderProcessed { items: every "A", .. });
}

fn main() {}
