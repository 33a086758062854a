use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    let created = choreo::expect!(s, "orders.created");
    let result = settle!(s);
    drop(result[created].message());
}

fn main() {}
