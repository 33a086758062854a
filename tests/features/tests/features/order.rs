//! In which order messages come, or that none matters.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Asked, Pair, TRIGGER, says};

use crate::matrix::Feature;

/// On one topic, as brokers keep the order of a topic and not that between two.
fn states<const N: usize>(states: [&str; N]) -> Asked {
    says(states.map(|state| ("orders.state", json!({ "state": state }))))
}

fn parts<const N: usize>(numbers: [u32; N]) -> Asked {
    says(numbers.map(|number| ("orders.part", json!({ "order": { "part": number } }))))
}

macro_rules! one_after_the_other {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let paid = expect!($to, "orders.state", { state: "paid" });
        let packed = expect!($to, "orders.state", { state: "packed" }, times 2);
        let sent = expect!($to, "orders.state", { state: "sent" });
        in_order!($s, paid, packed, sent);
        publish!($from, TRIGGER, states(["paid", "packed", "packed", "sent"]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let paid = expect!($to, "orders.state", { state: "paid" });
        let sent = expect!($to, "orders.state", { state: "sent" });
        in_order!($s, paid, sent);
        publish!($from, TRIGGER, states(["sent", "paid"]));
        settle!($s)
    }};
}

macro_rules! by_key {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", times 3, ordered_by order.part);
        publish!($from, TRIGGER, parts([1, 2, 2]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", times 3, ordered_by order.part);
        publish!($from, TRIGGER, parts([1, 3, 2]));
        settle!($s)
    }};
}

macro_rules! set {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let wide_and_narrow = expect!($to, "orders.part", unordered [
            { order: { part: 1.. } },
            { order: { part: 1..=2 } },
            { order: { part: 1 } },
        ]);
        publish!($from, TRIGGER, parts([1, 2, 3]));
        let result = settle!($s);
        let came = result[wide_and_narrow].messages();
        let numbers: Vec<_> = came.iter().map(|came| came["order"]["part"].clone()).collect();
        assert_eq!(numbers, [3, 2, 1]);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", unordered [
            { order: { part: 3 } },
            { order: { part: 2 }, state: "new" },
            { order: { part: 1 } },
        ]);
        publish!($from, TRIGGER, parts([1, 2]));
        settle!($s)
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        in_order => one_after_the_other!(),
        ordered_by => by_key!(),
        unordered => set!(),
    ]
}
