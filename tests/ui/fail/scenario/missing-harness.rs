use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario]
async fn bare(_s: Scenario<'_>) {}

#[choreo::scenario(timeout = 500ms)]
async fn with_options(_s: Scenario<'_>) {}

fn main() {}
