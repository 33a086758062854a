use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    reply!(s, "orders.new", { id: 1 } twice => "orders.processed", {});
    reply!(s, "orders.new" => "orders.processed", {}, 5);
    reply!(s, "orders.new" => "orders.processed", sequence [{}, , {}]);
    reply!(s, "orders.new" => "orders.processed", [1; 2]);
    reply!(s, "orders.new" => "orders.processed", {}, headers { "x-source": });
    reply!(s, "orders.new" => "orders.processed", |order, count: &mut u32, third| order);
}

fn main() {}
