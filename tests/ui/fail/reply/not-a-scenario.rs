use choreo::prelude::*;

struct Suite<'s> {
    s: Scenario<'s>,
}

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

fn body(suite: Suite<'_>, text: &str, s: &Scenario<'_, Gateway>) {
    reply!(text, "orders.new" => "orders.done", { ok: true });
    reply!(suite.s, "orders.new" => "orders.done", { ok: true });
    reply!(s.nats, "orders.new" => suite.s, "orders.done", { ok: true });
    reply!(suite.s, "orders.new" => suite.s, "orders.done", { ok: true });
}

fn main() {}
