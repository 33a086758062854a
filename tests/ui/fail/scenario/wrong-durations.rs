use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders, timeout = "500ms")]
async fn in_quotes(_s: Scenario<'_>) {}

#[choreo::scenario(orders, timeout = 500 ms)]
async fn in_two_words(_s: Scenario<'_>) {}

#[choreo::scenario(orders, timeout = 0ms)]
async fn zero(_s: Scenario<'_>) {}

#[choreo::scenario(orders, timeout = 5 + 5)]
async fn no_duration(_s: Scenario<'_>) {}

fn main() {}
