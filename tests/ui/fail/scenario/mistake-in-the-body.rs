use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

// The body is checked as well, although the attribute is wrong.
#[choreo::scenario(orders, slow = maybe)]
async fn scenario(s: Scenario<'_>) {
    let count: u32 = "five";
    publish!(s, "orders", { count: count });
}

fn main() {}
