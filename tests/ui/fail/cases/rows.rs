use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[case(1)]
#[case(1, "EU", true)]
#[case::empty(0, "EU")]
#[case::empty(0, "US")]
#[case]
#[case::a::b(1, "EU")]
async fn two_values(_s: Scenario<'_>, _count: u32, _region: &str) {}

#[choreo::scenario(orders)]
#[case(1)]
async fn no_parameters(_s: Scenario<'_>) {}

#[choreo::scenario(orders)]
async fn no_rows(_s: Scenario<'_>, _count: u32) {}

#[choreo::scenario(orders)]
#[case(1)]
async fn marked(_s: Scenario<'_>, #[case] _count: u32) {}

fn main() {}
