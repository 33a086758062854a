use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(
    orders,
    timeout = 500,
    timeot = 500ms,
    timeout = 1s,
    name = "",
    ignore,
    should_fail = true,
    slow = maybe,
    tags = "slow",
    crate = "choreo",
)]
async fn scenario(_s: Scenario<'_>) {}

fn main() {}
