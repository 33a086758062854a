use choreo::prelude::*;

#[derive(Serialize, Deserialize, Message)]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
    amount: u32,
}

#[derive(Serialize, Deserialize, Message)]
#[message(topic = "fraud.result")]
struct FraudResult {
    order_id: String,
    approved: bool,
}

async fn scenario(s: Scenario<'_>) {
    reply!(s, FraudCheck { amont: > 100, .. } => |check| FraudResult { order_id: check.order, approved: true });
    reply!(s, FraudCheck { amount: "many", .. } => |check| FraudResult { order_id: check.order_id, aproved: true });
    reply!(s, FraudCheck { amount: > 100 } => |check| FraudResult { order_id: check.amount, approved: true });
}

fn main() {}
