use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders, ignore = "", should_fail = " ", name = " padded ", tags())]
async fn scenario(_s: Scenario<'_>) {}

#[choreo::scenario(orders, tags("two words", "a", "a", b))]
async fn tagged(_s: Scenario<'_>) {}

fn main() {}
