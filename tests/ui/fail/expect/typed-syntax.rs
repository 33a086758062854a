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
    expect!(s, OrderProcessed { count: 1, count: 2, .. });
    expect!(s, OrderProcessed { "count": 1, .. });
    expect!(s, OrderProcessed { count, .. });
    expect!(s, OrderProcessed { .., count: 1 });
    expect!(s, OrderProcessed { count: 1, ..; exact });
    expect!(s, OrderProcessed { count: 5..1, order_id: =~ "(", .. });
    let limit = 5;
    expect!(s, OrderProcessed { count: limit, .. });
}

fn main() {}
