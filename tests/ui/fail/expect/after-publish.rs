use choreo::prelude::*;

async fn body(s: Scenario<'_>) {
    publish!(s, "orders.created", { count: 1 });
    expect!(s, "orders.processed", { status: "COMPLETED" });
}

fn main() {}
