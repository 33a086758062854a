use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders", { id: 1 }, fail_fast, fail_fast);
    expect!(s, "orders", { id: 1 }, fail_fast 3);
    expect!(s, "orders", { id: 1 }, unrouted);
    expect!(s, "orders", { id: 1 }, times 0..=3, for 1s, fail_fast);
    expect!(s, "orders", snapshot, fail_fast);
    never!(s, "orders", { id: 1 }, for 1s, fail_fast);
    reply!(s, "orders", { id: 1 }, fail_fast => "answers", {});
    // This is right.
    expect!(s, "orders", { id: 1 }, fail_fast, unrouted);
}

fn main() {}
