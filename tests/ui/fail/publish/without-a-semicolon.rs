use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    choreo::expect!(s, "orders.created");
    publish!(s, "orders.created", { count: 1 })
}

fn main() {}
