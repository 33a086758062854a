use choreo::prelude::*;

async fn body(s: Scenario<'_>) {
    publish!(s, "orders.created", { count: 1 });
    never!(s, "orders.refunded", for 200ms);
}

fn main() {}
