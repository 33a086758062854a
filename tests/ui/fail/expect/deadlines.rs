use std::time::Duration;

use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "orders", deadline);
    expect!(s, "orders", { id: 1 }, deadline 0ms);
    expect!(s, "orders", { id: 1 }, deadline 200);
    expect!(s, "orders", { id: 1 }, deadline "200ms");
    expect!(s, "orders", { id: 1 }, deadline 1s, deadline 2s);
    expect!(s, "orders", { id: 1 }, within 2s, deadline 1s);
    expect!(s, "orders", { id: 1 }, times 0..=3, for 1s, deadline 200ms);
    expect!(s, "orders", { id: 1 } deadline 200ms);
    expect!(s, "orders", { id: 1 }, deadline (5));
    never!(s, "orders", { id: 1 }, for 1s, deadline 200ms);
    reply!(s, "orders", { id: 1 }, deadline 200ms => "answers", {});
    // These are right.
    let limit = Duration::from_secs(1);
    expect!(s, "orders", within 2s, deadline (limit));
    expect!(s, "orders", within 2s, deadline 2s);
}

fn main() {}
