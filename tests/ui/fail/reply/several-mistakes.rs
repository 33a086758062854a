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
    reply!(s, "orders new", { count: > 0, count: =~ "(" } => "", { a: 1, a: 2, b }, foo 1);
}

fn main() {}
