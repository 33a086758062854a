#![deny(unused_must_use)]
use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    expect!(s, "orders.created");
    publish!(s, "orders.created", {});
    next_act!(s);
}

fn main() {
    let _ = scenario;
}
