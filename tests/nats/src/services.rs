//! Services that tests of other crates play: bundles of replies.

use choreo::prelude::*;

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
