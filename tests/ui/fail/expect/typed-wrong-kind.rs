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
    expect!(s, OrderProcessed { count: =~ "3", .. });
    expect!(s, OrderProcessed { count: contains "3", .. });
    expect!(s, OrderProcessed { count: absent, .. });
    expect!(s, OrderProcessed { count: [1, 2], .. });
    expect!(s, OrderProcessed { count: len 2, .. });
    expect!(s, OrderProcessed { order_id: bytes b"abc", .. });
    expect!(s, OrderProcessed { order_id: => 5, .. });
}

fn main() {}
