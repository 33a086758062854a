use choreo::prelude::*;

#[derive(Message)]
#[message(topic = "orders.created", subject = "orders", crate = "choreo")]
struct OrderCreated;

fn main() {}
