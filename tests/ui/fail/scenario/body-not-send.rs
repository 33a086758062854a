use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
async fn scenario(s: Scenario<'_>) {
    let count = std::rc::Rc::new(5);
    choreo::expect!(s, "orders");
    publish!(s, "orders", { count: 5 });
    drop(count);
}

fn main() {}
