use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    reply!(s, "orders.new" => "orders.processed", |order, seen| json!({ "seen": seen }));
    reply!(s, "orders.new" => "orders.processed", |order| order, state 0);
    reply!(s, "orders.new" => "orders.processed", {}, state 0);
    reply!(s, "orders.new" => "orders.processed", async |order, seen| order, state 0);
    reply!(s, "orders.new" => "orders.processed", |order, seen, more| order, state 0);
    reply!(s, "orders.new" => "orders.processed", sequence [|order, seen| order], state 0);
}

fn main() {}
