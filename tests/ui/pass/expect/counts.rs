//! Every form of absence, counts and order, in a crate that denies warnings.
#![deny(warnings, clippy::all)]
#![forbid(unsafe_code)]

use std::time::Duration;

use choreo::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Message)]
#[message(topic = "parcels")]
struct Parcel {
    id: u32,
}

#[derive(Stage)]
struct Gateway {
    nats: Harness,
}

fn counts(s: &Scenario<'_>) {
    let expected = [1, 2];
    let (low, high) = (1_u8, 3_i64);
    let window = Duration::from_millis(5);
    expect!(s, "a", times 3);
    expect!(s, "a", { id: 1 }, times 1.., headers { a: _ });
    expect!(s, "a", times 2..=5, for 200ms, within 50ms);
    expect!(s, "a", times 2..5, for window);
    expect!(s, "a", times 0..=2, for (window * 2));
    expect!(s, "a", times expected.len());
    expect!(s, "a", times (expected.len() + 1));
    expect!(s, "a", times low..=high, ordered_by seq);
    expect!(s, "a", at_least 2, ordered_by order.items[0]."odd key".r#type,);
    expect!(s, Parcel { id: 1 }, exactly_once, for 1s);
    let first = expect!(s, Parcel { .. }, exactly_once);
    let second = expect!(s, "b", unordered [{ id: 1 }, Parcel { id: > 1 }, 5,], within 5ms, since first);
    never!(s, "c", for 200ms);
    never!(s, "c", { id: 1 } | { id: 2 }, for window, since second, unrouted, key _);
    let none = never!(s, Parcel { id: 5 }, since first, for 5ms);
    let _: Handle<Parcel> = none;
    in_order!(s, first, second);
}

fn on_a_stage(s: &Scenario<'_, Gateway>) {
    let first = expect!(s.nats, "a", times 2);
    let second = expect!(s.nats, "a", unordered [1, 2]);
    never!(s.nats, "a", for 5ms);
    in_order!(s, first, second,);
}

fn main() {
    let _ = (counts, on_a_stage);
}
