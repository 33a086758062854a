use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    let order = String::from("ORD-42");
    publish!(s, "orders", { id: order., count: 1 });
}

fn main() {}
