//! Every manner of a reply, in bundles: no warning may come from them.
#![deny(warnings, clippy::all)]

use choreo::prelude::*;
use std::time::Duration;

const RATE: f64 = 0.1;

fn services(s: &Scenario<'_>) {
    let state = 5;
    let (low, high) = (Duration::from_millis(1), Duration::from_millis(2));
    reply!(s, "a" => "b", state);
    reply!(s, ["a", "c"], { d: 1 }, headers { e: "f" } => "b", {}, always, required);
    reply!(s, "a" => "b", sequence [{}, |order| order, async |order| order], required);
    reply!(s, "a" => _, {}, delay 20ms, key "k", metadata { correlation_id: "c" });
    reply!(s, "a" => "b", {}, delay 10ms..=50ms, seed 42);
    reply!(s, "a" => "b", {}, delay move |share| low.mul_f64(share), always);
    reply!(s, "a" => "b", {}, delay low..high, drop_first (1 + 1));
    reply!(s, "a" => "b", {}, error_rate RATE => [1], drop_rate 1, seed (40 + 2));
    reply!(s, "a" => "b", move |_, seen| { *seen += state; *seen }, state 0, times 3,);
    reply!(s, "a" => "b", |_, seen: &mut Vec<u32>| { seen.push(1); seen.clone() }, state Vec::new());
    let handle = expect!(s, "b");
    let _ = handle;
}

async fn scenario(s: Scenario<'_>) {
    services(&s);
    publish!(s, "a", {});
}

fn main() {
    let _ = scenario;
}
