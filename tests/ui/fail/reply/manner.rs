use choreo::prelude::*;

async fn scenario(s: Scenario<'_>) {
    reply!(s, "orders.new" => "orders.processed", {}, always, times 2);
    reply!(s, "orders.new" => "orders.processed", {}, always 5);
    reply!(s, "orders.new" => "orders.processed", {}, delay);
    reply!(s, "orders.new" => "orders.processed", {}, delay 20);
    reply!(s, "orders.new" => "orders.processed", {}, delay 50ms..10ms);
    reply!(s, "orders.new" => "orders.processed", {}, delay 50ms..);
    reply!(s, "orders.new" => "orders.processed", {}, delay || Duration::ZERO);
    reply!(s, "orders.new" => "orders.processed", {}, error_rate 0.2);
    reply!(s, "orders.new" => "orders.processed", {}, error_rate 20 => { error: "busy" });
    reply!(s, "orders.new" => "orders.processed", {}, drop_rate 20%);
    reply!(s, "orders.new" => "orders.processed", {}, drop_rate 0);
    reply!(s, "orders.new" => "orders.processed", {}, drop_rate -0.1);
    reply!(s, "orders.new" => "orders.processed", {}, drop_first 0);
    reply!(s, "orders.new" => "orders.processed", {}, seed 42);
    reply!(s, "orders.new" => "orders.processed", {}, required, required);
    reply!(s, "orders.new" => "orders.processed", sequence []);
    reply!(s, "orders.new" => "orders.processed", sequence [{}, {}], times 2);
    reply!(s, [] => "orders.processed", {});
    reply!(s, ["orders.new", "orders.new"] => "orders.processed", {});
    reply!(s, "orders.new" => "orders.processed", {} delay 20ms);
}

fn main() {}
