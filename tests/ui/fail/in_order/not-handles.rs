use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    let paid = expect!(s, "orders.paid");
    in_order!(s, paid, "orders.shipped");
}

fn main() {}
