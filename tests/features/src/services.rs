//! Bundles of replies for other crates: plain functions, for a harness and for a stage.

use choreo::prelude::*;

use crate::Pair;

/// Knows the level of every item, and forgets nothing that was taken.
pub fn warehouse(s: &Scenario<'_>) {
    reply!(s, ["stock.get", "stock.refresh"] => "stock.level", |_, left: &mut u32| {
        *left -= 1;
        json!({ "left": *left })
    }, state 10, always, required);
}

/// A payment provider that is busy at first.
pub fn payment(s: &Scenario<'_>) {
    reply!(s, "payment.new" => "payment.done",
        sequence [{ error: "busy" }, |order| json!({ "paid": order["amount"] })],
        delay 1ms..5ms, required);
}

/// All that a shop needs.
pub fn shop(s: &Scenario<'_>) {
    warehouse(s);
    payment(s);
}

/// The same shop, asked on one broker and answering on the other.
pub fn shop_on_stage(s: &Scenario<'_, Pair>) {
    warehouse_on_stage(s);
    payment_on_stage(s);
}

fn warehouse_on_stage(s: &Scenario<'_, Pair>) {
    reply!(s.memory, ["stock.get", "stock.refresh"] => s.nats, "stock.level", |_, left: &mut u32| {
        *left -= 1;
        json!({ "left": *left })
    }, state 10, always, required);
}

fn payment_on_stage(s: &Scenario<'_, Pair>) {
    reply!(s.memory, "payment.new" => s.nats, "payment.done",
        sequence [{ error: "busy" }, |order| json!({ "paid": order["amount"] })],
        delay 1ms..5ms, required);
}
