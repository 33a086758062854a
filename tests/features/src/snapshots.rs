//! A test program: snapshots of messages in each setting. `tests/features/snapshot.rs` runs it in a folder with two
//! of the three snapshots, and reads what it says and what it leaves.

use choreo::prelude::*;
use choreo_test_features::{Pair, on_both, on_memory, on_nats};

/// An order goes through the shop; the answer is compared as a whole.
macro_rules! ordered {
    ($from:expr, $to:expr, [$($on:tt)*], $status:expr) => {
        reply!($from, "orders.new" => $($on)* "orders.done", |order| order);
        expect!($to, "orders.done", snapshot {
            ".correlation_id" => "[id]",
            ".lines[].at" => "[time]",
        });
        publish!($from, "orders.new", {
            status: ($status),
            lines: [{ sku: "A", at: "2026-01-31T12:00:00Z" }],
        });
    };
}

macro_rules! snapshots {
    ($setting:ident, $host:ident, $transports:ty, $s:ident, $from:expr, $to:expr, [$($on:tt)*]) => {
        mod $setting {
            use super::*;

            #[choreo::scenario($host, timeout = 10s)]
            async fn as_it_was($s: Scenario<'_, $transports>) {
                ordered!($from, $to, [$($on)*], "PAID");
            }

            #[choreo::scenario($host, timeout = 500ms)]
            async fn changed($s: Scenario<'_, $transports>) {
                ordered!($from, $to, [$($on)*], "LOST");
            }

            #[choreo::scenario($host, timeout = 500ms)]
            async fn not_stored_yet($s: Scenario<'_, $transports>) {
                ordered!($from, $to, [$($on)*], "PAID");
            }
        }
    };
}

snapshots!(memory, on_memory, Harness, s, s, s, []);
snapshots!(nats, on_nats, Harness, s, s, s, []);
snapshots!(stage, on_both, Pair, s, s.memory, s.nats, [s.nats,]);

fn main() {
    choreo::main!()
}
