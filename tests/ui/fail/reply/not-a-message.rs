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
    #[derive(Serialize, Deserialize)]
    struct Plain {
        id: u32,
    }

    reply!(s, |plain: Plain| FraudResult { order_id: String::new(), approved: plain.id > 0 });
    reply!(s, |check: FraudCheck| Plain { id: check.amount });
    reply!(s, Plain { id: > 5 } => |plain| FraudResult { order_id: String::new(), approved: plain.id > 0 });
}

fn main() {}
