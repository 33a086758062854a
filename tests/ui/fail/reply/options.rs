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
    reply!(s, "orders.new" => "orders.processed", {}, times 0);
    reply!(s, "orders.new" => "orders.processed", {}, times);
    reply!(s, "orders.new" => "orders.processed", {}, times "2");
    reply!(s, "orders.new" => "orders.processed", {}, times 1, times 2);
    reply!(s, "orders.new" => "orders.processed", {}, within 5ms);
    reply!(s, 5 => 6, {});
    reply!(s, s.name().len() => vec!["orders"], {});
    reply!(s.kafka, "orders.new" => "orders.processed", {});
}

fn main() {}
