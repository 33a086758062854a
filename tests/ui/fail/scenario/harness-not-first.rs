use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(timeout = 500ms, orders)]
async fn scenario(s: Scenario<'_>) {}

#[choreo::scenario(orders, orders)]
async fn two(s: Scenario<'_>) {}

fn main() {}
