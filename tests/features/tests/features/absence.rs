//! What must not come, and what comes in its place.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::Feature;

macro_rules! forbidden {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let charge = never!($to, "payments.charge", { order: "ORD-42" }, for 50ms);
        expect!($to, "orders.rejected", { id: "ORD-42" });
        let others = ("payments.charge", json!({ "order": "ORD-43" }));
        publish!($from, TRIGGER, says([others, ("orders.rejected", json!({ "id": "ORD-42" }))]));
        let result = settle!($s);
        assert!(result[charge].offender().is_none());
        result
    }};
    // It ends at once: its window is far longer than a test may take.
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        never!($to, "payments.charge", { order: "ORD-42" }, for 1h);
        let charge = ("payments.charge", json!({ "order": "ORD-42", "amount": 7 }));
        publish!($from, TRIGGER, says([charge]));
        settle!($s)
    }};
}

/// On one topic, as brokers keep the order of a topic and not that between two.
macro_rules! forbidden_since {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let rejected = expect!($to, "orders.state", { state: "rejected" });
        never!($to, "orders.state", { state: "charged" }, for 50ms, since rejected);
        let state = |state: &str| ("orders.state", json!({ "state": state }));
        publish!($from, TRIGGER, says([state("charged"), state("rejected")]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let rejected = expect!($to, "orders.state", { state: "rejected" });
        never!($to, "orders.state", { state: "charged" }, for 1h, since rejected);
        let state = |state: &str| ("orders.state", json!({ "state": state }));
        publish!($from, TRIGGER, says([state("charged"), state("rejected"), state("charged")]));
        settle!($s)
    }};
}

macro_rules! failing_fast {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.state", { state: "done" }, fail_fast);
        let state = |state: &str| ("orders.state", json!({ "state": state }));
        publish!($from, TRIGGER, says([state("done"), state("refused")]));
        settle!($s)
    }};
    // It ends at once, though the right message may follow.
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.state", { state: "done" }, fail_fast, times 2);
        let state = |state: &str| ("orders.state", json!({ "state": state }));
        publish!($from, TRIGGER, says([state("done"), state("refused"), state("done")]));
        settle!($s)
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        never => forbidden!(),
        never_since => forbidden_since!(),
        fail_fast => failing_fast!(),
    ]
}
