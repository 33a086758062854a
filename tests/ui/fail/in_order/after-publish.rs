use choreo::prelude::*;

async fn body(s: Scenario<'_>) {
    let paid = expect!(s, "orders.paid");
    let shipped = expect!(s, "orders.shipped");
    publish!(s, "orders.created", { count: 1 });
    in_order!(s, paid, shipped);
}

fn main() {}
