use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    #[derive(Serialize)]
    struct Order {
        id: u32,
    }

    #[derive(Message)]
    #[message(topic = "orders")]
    struct Opaque;

    publish!(s, Order { id: 1 });
    publish!(s, json!({ "id": 1 }));
    publish!(s, Opaque);
}

fn main() {}
