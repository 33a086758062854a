use choreo::prelude::*;

async fn body(text: &str) {
    let s = next_act!(text);
    expect!(s, "orders.shipped");
}

async fn function(s: &Scenario<'_, Harness, choreo::Triggered>) {
    let s = next_act!(s);
    expect!(s, "orders.shipped");
}

fn main() {}
