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
    reply!();
    reply!(s);
    reply!(s, "orders.new");
    reply!(s, => "orders.processed", {});
    reply!(s, { id: 1 } => "orders.processed", {});
    reply!(s, "orders.new" =>);
    reply!(s, "orders.new" => { id: 1 });
    reply!(s, "orders.new" => |order| order);
    reply!(s, "orders.new" => "orders.processed");
    reply!(s, "orders.new" => "orders.processed", times 2);
    reply!(s, FraudCheck { .. } => FraudResult { order_id: String::new(), approved: true });
}

fn main() {}
