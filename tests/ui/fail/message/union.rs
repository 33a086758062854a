use choreo::prelude::*;

#[derive(Message)]
#[message(topic = "orders.created")]
union Order {
    id: u32,
    number: f32,
}

fn main() {}
