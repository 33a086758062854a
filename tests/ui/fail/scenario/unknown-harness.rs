use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(billing)]
async fn scenario(_s: Scenario<'_>) {}

fn main() {}
