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
    let order = String::from("ORD-42");
    reply!(s, |check: FraudCheck| check.);
    reply!(s, "orders.new" => "orders.processed", { id: order. });
}

fn main() {}
