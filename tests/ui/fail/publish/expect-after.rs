use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    publish!(s, "orders.created", { count: 1 });
    choreo::expect!(s, "orders.processed", { count: 1 });
    reply!(s, "orders.created" => "orders.processed", { count: 1 });
}

fn main() {}
