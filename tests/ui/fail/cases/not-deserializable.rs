use choreo::prelude::*;

struct Stock;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[cases(from = "data/right.csv")]
async fn scenario(_s: Scenario<'_>, count: u32, region: String, stock: Stock) {
    let _ = (count, region, stock);
}

fn main() {}
