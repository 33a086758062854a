//! Snapshots need a feature of their own.
use choreo::prelude::*;

fn feature(s: Scenario<'_>) {
    expect!(s, "orders.processed", snapshot);
    expect!(s, "orders.processed", snapshot "invoice" { ".id" => "[id]" }, within 50ms);
}

fn main() {}
