use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

struct Suite;

impl Suite {
    #[choreo::scenario(orders)]
    async fn scenario(&self, _s: Scenario<'_>) {}
}

fn main() {}
