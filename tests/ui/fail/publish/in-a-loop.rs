use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    choreo::expect!(s, "orders.created");
    for count in 1..=3 {
        publish!(s, "orders.created", { count: count });
    }
}

fn main() {}
