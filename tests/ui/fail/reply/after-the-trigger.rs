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
    publish!(s, FraudCheck { order_id: "ORD-1".into(), amount: 1 });
    reply!(s, |check: FraudCheck| FraudResult { order_id: check.order_id, approved: true });
}

fn main() {}
