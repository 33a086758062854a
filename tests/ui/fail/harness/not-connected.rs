#![deny(unused_must_use)]
use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    orders: Harness,
}

async fn harness() {
    Harness::builder(Memory::new()).correlation(FieldCorrelation::new("correlation_id"));
}

async fn stage() {
    Stage::<Gateway>::builder(GatewayBuilder {
        orders: Harness::builder(Memory::new()),
    });
}

fn main() {
    let _ = (harness, stage);
}
