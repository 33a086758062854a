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
    #[derive(Message)]
    #[message(topic = "opaque")]
    struct Opaque;

    reply!(s, |_: Opaque| FraudResult { order_id: String::new(), approved: true });
    reply!(s, |_: FraudCheck| Opaque);
    reply!(s, "opaque" => "answer", |opaque: Opaque| 5);
    reply!(s, "opaque" => "answer", |_| Opaque);
    reply!(s, "opaque" => "answer", { field: Opaque });
}

fn main() {}
