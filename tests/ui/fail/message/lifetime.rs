use choreo::prelude::*;

#[derive(Message)]
#[message(topic = "orders.created")]
struct OrderCreated<'a> {
    item_id: &'a str,
}

fn main() {}
