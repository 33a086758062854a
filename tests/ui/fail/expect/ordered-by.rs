use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders", ordered_by seq);
    expect!(s, "orders", exactly_once, ordered_by seq);
    expect!(s, "orders", times 1, ordered_by seq);
    expect!(s, "orders", times 3, ordered_by);
    expect!(s, "orders", times 3, ordered_by 5);
    expect!(s, "orders", times 3, ordered_by order.);
    expect!(s, "orders", times 3, ordered_by items["a"]);
    expect!(s, "orders", times 3, ordered_by a b);
}

fn main() {}
