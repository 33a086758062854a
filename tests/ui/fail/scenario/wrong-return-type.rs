use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
async fn scenario(_s: Scenario<'_>) -> u32 {
    5
}

struct NoDebug;

#[choreo::scenario(orders)]
async fn fallible(_s: Scenario<'_>) -> std::result::Result<(), NoDebug> {
    Ok(())
}

fn main() {}
