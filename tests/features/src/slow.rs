//! A test program: budgets in each setting. `tests/features/time.rs` runs it and reads what it says.

use choreo::prelude::*;
use choreo_test_features::{Pair, on_both, on_memory, on_nats};

/// One scenario, with what makes it pass and fail.
macro_rules! budgets {
    ($setting:ident, $host:ident, $transports:ty, $s:ident, $from:expr, $to:expr, [$($on:tt)*]) => {
        mod $setting {
            use super::*;

            #[choreo::scenario($host, timeout = 10s, slow = deny)]
            async fn in_time($s: Scenario<'_, $transports>) {
                reply!($from, "orders.new" => $($on)* "orders.done", {});
                expect!($to, "orders.done", within 9s);
                publish!($from, "orders.new", {});
            }

            #[choreo::scenario($host, timeout = 10s)]
            async fn over_its_budget($s: Scenario<'_, $transports>) {
                reply!($from, "orders.new" => $($on)* "orders.done", {});
                expect!($to, "orders.done", within 1ns);
                publish!($from, "orders.new", {});
            }

            #[choreo::scenario($host, timeout = 10s, slow = deny)]
            async fn over_its_budget_which_is_denied($s: Scenario<'_, $transports>) {
                reply!($from, "orders.new" => $($on)* "orders.done", {});
                expect!($to, "orders.done", within 1ns);
                publish!($from, "orders.new", {});
            }
        }
    };
}

budgets!(memory, on_memory, Harness, s, s, s, []);
budgets!(nats, on_nats, Harness, s, s, s, []);
budgets!(stage, on_both, Pair, s, s.memory, s.nats, [s.nats,]);

fn main() {
    choreo::main!()
}
