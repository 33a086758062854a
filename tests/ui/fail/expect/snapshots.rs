//! Snapshots: where they stand, and their redactions.
use choreo::prelude::*;

fn places(s: Scenario<'_>) {
    expect!(s, "orders.processed", snapshot & { status: "NEW" });
    expect!(s, "orders.processed", { order: snapshot });
    expect!(s, "orders.processed", unordered [snapshot "first", { id: 2 }]);
    never!(s, "orders.processed", snapshot, for 200ms);
    let _ = pattern!(snapshot { ".id" => "[id]" });
}

fn redactions(s: Scenario<'_>) {
    expect!(s, "orders.processed", snapshot { id: "[id]" });
    expect!(s, "orders.processed", snapshot { ".id" "[id]" });
    expect!(s, "orders.processed", snapshot { ".id" =>, ".at" => "[time]" });
    expect!(s, "orders.processed", snapshot { "id" => "[id]", ".order-id" => 1, ".items.0" => 2, "[x]" => 3 });
    expect!(s, "orders.processed", snapshot { "" => "[id]", ".**.a.**" => "[time]" });
    expect!(s, "orders.processed", snapshot within 50ms);
}

fn main() {}
