use choreo::prelude::*;

#[derive(Serialize, Deserialize, Message)]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
}

async fn scenario(s: Scenario<'_>) {
    reply!(s, "prices.get" => _);
    reply!(s, "prices.get" => _, times 2);
    reply!(s, FraudCheck { .. } => _);
    reply!(s, _ => "prices", {});
    reply!(s, Some(FraudCheck { .. }) => |check| FraudCheck { order_id: check.order_id });
    reply!(s, "prices.get", headers => _, {});
    reply!(s, "prices.get", headers { retries: 5 }, within 50ms => _, {});
    reply!(s, "prices.get", metadata { partition: 0 }, metadata { partition: 1 } => _, {});
}

fn main() {}
