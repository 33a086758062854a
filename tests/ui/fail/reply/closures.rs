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
    reply!(s, |check| FraudResult { order_id: check.order_id, approved: true });
    reply!(s, || FraudResult { order_id: String::new(), approved: true });
    reply!(s, |a: FraudCheck, b: FraudCheck| FraudResult { order_id: String::new(), approved: true });
    reply!(s, |check: FraudCheck|);
    reply!(s, "orders.new" => "orders.processed", || 5);
    reply!(s, async |check: FraudCheck| -> FraudResult { FraudResult { order_id: check.order_id, approved: true } });
}

fn main() {}
