use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[case(1, "EU")]
#[case("one", "EU")]
#[case(1, REGION)]
async fn scenario(_s: Scenario<'_>, _count: u32, _region: &str) {}

fn main() {}
