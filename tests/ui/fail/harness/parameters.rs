use choreo::prelude::*;

#[choreo::harness]
async fn orders(_url: &str) -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

// Only the harness is wrong, so only the harness is reported.
#[choreo::scenario(orders)]
async fn scenario(s: Scenario<'_>) {
    publish!(s, "orders", {});
}

fn main() {}
