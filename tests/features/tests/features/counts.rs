//! How many messages must come.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Asked, Pair, TRIGGER, says};

use crate::matrix::Feature;

/// A part for each number.
fn parts<const N: usize>(numbers: [u32; N]) -> Asked {
    says(numbers.map(|number| ("orders.part", json!({ "part": number }))))
}

macro_rules! so_many {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let came = expect!($to, "orders.part", { part: > 0 }, times 3, for 50ms);
        publish!($from, TRIGGER, parts([1, 0, 2, 3]));
        let result = settle!($s);
        let numbers: Vec<_> = result[came].messages().iter().map(|came| came["part"].clone()).collect();
        assert_eq!(numbers, [1, 2, 3]);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", { part: > 0 }, times 3);
        publish!($from, TRIGGER, parts([1, 0, 2]));
        settle!($s)
    }};
}

macro_rules! from_to {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let came = expect!($to, "orders.part", times 2..=5, for 50ms);
        expect!($to, "orders.part", { part: 3 });
        publish!($from, TRIGGER, parts([1, 2, 3]));
        let result = settle!($s);
        assert_eq!(result[came].count(), 3);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", { part: > 0 }, times 1..=2, for 1h);
        publish!($from, TRIGGER, parts([1, 2, 3]));
        settle!($s)
    }};
}

macro_rules! or_more {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let came = expect!($to, "orders.part", at_least 2, for 50ms);
        expect!($to, "orders.part", { part: 3 });
        publish!($from, TRIGGER, parts([1, 2, 3]));
        let result = settle!($s);
        assert_eq!(result[came].count(), 3);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", at_least 2);
        publish!($from, TRIGGER, parts([1]));
        settle!($s)
    }};
}

macro_rules! once {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", { part: 1 }, exactly_once);
        publish!($from, TRIGGER, parts([1, 2]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.part", { part: 1 }, exactly_once, for 1h);
        publish!($from, TRIGGER, parts([1, 2, 1]));
        settle!($s)
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        times => so_many!(),
        times_range => from_to!(),
        at_least => or_more!(),
        exactly_once => once!(),
    ]
}
