use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
async fn none() {}

#[choreo::scenario(orders)]
async fn two(_s: Scenario<'_>, _url: &str) {}

#[choreo::scenario(orders)]
async fn generic<T: Default>(_s: Scenario<'_, T>)
where
    T: Copy,
{
}

#[choreo::scenario(orders)]
async unsafe fn unsafe_one(_s: Scenario<'_>) {}

fn main() {}
