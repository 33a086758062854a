use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

async fn plain() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

static TEXT: &str = "orders";

#[choreo::scenario(plain)]
async fn with_a_function(_s: Scenario<'_>) {}

#[choreo::scenario(TEXT)]
async fn with_a_static(_s: Scenario<'_>) {}

fn main() {}
