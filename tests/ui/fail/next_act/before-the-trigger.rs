use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders.created");
    let s = next_act!(s);
    expect!(s, "orders.paid");
    publish!(s, "orders.paid", {});
}

fn main() {}
