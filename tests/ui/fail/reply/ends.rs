use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    reply!(s, "orders.new", { id: 1 }, 5 => "orders.processed", {});
    reply!(s, "orders.new", { id: 1 }, { id: 2 } => "orders.processed", {});
    reply!(s, "orders.new" => "orders.processed", |order json!({}));
    reply!(s, "orders.new" => "orders.processed", |order, { order });
    reply!(s, "orders.new" => "orders.processed", |order: | order);
    reply!(s, "orders.new" => "orders.processed", |order| -> order);
    reply!(s, "orders.new" => "orders.processed", |5 order| order);
    reply!(s, "orders.new" => "orders.processed", {}, delay;);
}

fn main() {}
