use choreo::prelude::*;
use std::rc::Rc;

async fn scenario(s: Scenario<'_>) {
    reply!(s, "orders.new" => "orders.processed", {}, delay (5));
    reply!(s, "orders.new" => "orders.processed", {}, delay |share| 0.05 * share);
    reply!(s, "orders.new" => "orders.processed", {}, drop_rate (5));
    reply!(s, "orders.new" => "orders.processed", {}, drop_rate 0.5, seed "42");
    reply!(s, "orders.new" => "orders.processed", |order, seen: &mut u32| order, state "none");
    reply!(s, "orders.new" => "orders.processed", |order, seen| order, state Rc::new(5));
    reply!(s, ["orders.new", 5] => "orders.processed", {});
    reply!(s, "orders.new" => "orders.processed", {}, headers { "x-source": 5 });
}

fn main() {}
