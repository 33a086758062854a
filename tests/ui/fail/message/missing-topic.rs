use choreo::prelude::*;

#[derive(Serialize, Message)]
struct OrderCreated {
    item_id: String,
}

// The type counts as a message, so its use is not reported as well.
async fn scenario(s: Scenario<'_>) {
    publish!(s, OrderCreated { item_id: "ITEM-42".into() });
}

fn main() {}
