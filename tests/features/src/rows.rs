//! A test program: rows of values in each setting. `tests/features/cases.rs` runs it and reads what it says.

use choreo::prelude::*;
use choreo_test_features::{Pair, on_both, on_memory, on_nats};

/// The rows, once; the second of each kind does not hold.
macro_rules! rows {
    ($setting:ident, $host:ident, $transports:ty, $s:ident, $from:expr, $to:expr, [$($on:tt)*]) => {
        mod $setting {
            use super::*;

            #[choreo::scenario($host, timeout = 500ms)]
            #[case(1, "EU")]
            #[case::nothing_ordered(0, "EU")]
            async fn written($s: Scenario<'_, $transports>, count: u32, region: &str) {
                reply!($from, "orders.new" => $($on)* "orders.done", |order| order);
                expect!($to, "orders.done", { count: > 0, region: (region) });
                publish!($from, "orders.new", { count: count, region: region });
            }

            #[choreo::scenario($host, timeout = 500ms)]
            #[cases(from = "tests/features/rows/orders.json")]
            #[cases(from = "tests/features/rows/orders.csv")]
            async fn read($s: Scenario<'_, $transports>, count: u32, note: Option<String>) {
                reply!($from, "orders.new" => $($on)* "orders.done", |order| order);
                expect!($to, "orders.done", { count: > 0, note: (&note) });
                publish!($from, "orders.new", { count: count, note: (&note) });
            }
        }
    };
}

rows!(memory, on_memory, Harness, s, s, s, []);
rows!(nats, on_nats, Harness, s, s, s, []);
rows!(stage, on_both, Pair, s, s.memory, s.nats, [s.nats,]);

fn main() {
    choreo::main!()
}
