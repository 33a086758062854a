use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    let paid = expect!(s, "orders.paid");
    in_order!(s);
    in_order!(s, paid);
    in_order!(s, paid, paid);
    in_order!(s, , paid);
    in_order!(s.nats, paid, paid);
    in_order!();
}

fn main() {}
