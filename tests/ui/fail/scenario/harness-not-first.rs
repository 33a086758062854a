use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(timeout = 500ms, orders)]
async fn scenario(_s: Scenario<'_>) {}

#[choreo::scenario(orders, orders)]
async fn two(_s: Scenario<'_>) {}

fn main() {}
