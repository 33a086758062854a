#![expect(unused_variables, reason = "only the rows count")]

use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[cases("orders.json")]
async fn not_from(_s: Scenario<'_>, _count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "orders.yaml")]
async fn other_format(_s: Scenario<'_>, _count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "/orders.json")]
async fn absolute(_s: Scenario<'_>, _count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/gone.json")]
async fn missing(_s: Scenario<'_>, _count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/rows.json")]
async fn borrowed(_s: Scenario<'_>, (_a, _b): (u8, u8), _c: &[u8]) {}

#[choreo::scenario(orders)]
#[cases(from = "data/empty.json")]
async fn empty(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/broken.json")]
async fn broken(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/rows.json")]
async fn json(_s: Scenario<'_>, count: u32, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/rows.csv")]
async fn csv(_s: Scenario<'_>, count: u32, urgent: bool) {}

fn main() {}
