use choreo::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct OrderProcessed {
    status: Status,
    count: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Status {
    Completed,
    Retried(u32, u32),
}

async fn scenario(s: Scenario<'_>) {
    expect!(s, OrderProcessed { 5: 1, .. });
    expect!(s, OrderProcessed { : 1, .. });
    expect!(s, OrderProcessed { count: 1, ..rest });
    expect!(s, OrderProcessed { status: Status::Retried(1; 2), .. });
    expect!(s, OrderProcessed { count: 1; status: Status::Completed });
}

fn main() {}
