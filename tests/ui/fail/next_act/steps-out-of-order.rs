use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders.created");
    publish!(s, "orders.created", {});
    let s = next_act!(s);
    expect!(s, "orders.paid");
    settle!(s);
    publish!(s, "orders.paid", {});
    expect!(s, "orders.sent");
}

fn main() {}
