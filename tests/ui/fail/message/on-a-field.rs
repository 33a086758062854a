use choreo::prelude::*;

#[derive(Message)]
#[message(topic = "orders.created")]
struct OrderCreated {
    #[message(topic = "items")]
    item_id: String,
}

#[derive(Message)]
#[message(topic = "orders.changed")]
enum OrderChanged {
    #[message(topic = "orders.cancelled")]
    Cancelled,
}

fn main() {}
