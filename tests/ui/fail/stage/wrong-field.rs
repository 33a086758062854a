use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: String,
}

fn main() {}
