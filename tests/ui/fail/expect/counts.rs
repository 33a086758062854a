use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders", times 0);
    expect!(s, "orders", at_least 0);
    expect!(s, "orders", times 0..);
    expect!(s, "orders", times 0..=0, for 200ms);
    expect!(s, "orders", times 0..1, for 200ms);
    expect!(s, "orders", times 0..=3);
    expect!(s, "orders", times 5..=2);
    expect!(s, "orders", times 3..3);
    expect!(s, "orders", times ..=3);
    expect!(s, "orders", times);
    expect!(s, "orders", times -1);
    expect!(s, "orders", times 1.5);
    expect!(s, "orders", times 99999999999999999999);
    expect!(s, "orders", at_least 2..=3);
    expect!(s, "orders", times 2, times 3);
    expect!(s, "orders", times 2, exactly_once);
    expect!(s, "orders", exactly_once 2);
    expect!(s, "orders", { id: 1 }, for 200ms);
    expect!(s, "orders", times 2, for);
    expect!(s, "orders", times 2, for 200);
    expect!(s, "orders", times 2, for 5ms, for 6ms);
    expect!(s, "orders", exactly_once, unrouted);
}

fn main() {}
