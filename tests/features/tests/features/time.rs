//! By when a message must come.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::Feature;

macro_rules! by_then {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let done = expect!($to, "orders.done", { n: > 0 }, times 2, deadline 5s);
        let order = |n: u32| ("orders.done", json!({ "n": n }));
        publish!($from, TRIGGER, says([order(1), order(0), order(2)]));
        let result = settle!($s);
        assert_eq!(result[done].count(), 2);
        result
    }};
    // It ends before its timeout: both handles are decided.
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.done", { n: 2 }, deadline 150ms);
        expect!($to, "orders.paid", deadline 100ms);
        publish!($from, TRIGGER, says([("orders.done", json!({ "n": 1 }))]));
        let result = settle!($s);
        assert!($s.elapsed() >= std::time::Duration::from_millis(150));
        result
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        deadline => by_then!(),
    ]
}
