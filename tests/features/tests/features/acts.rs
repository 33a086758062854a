//! Several steps on one correlation id, and values that go from one to the next.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::Feature;

macro_rules! two_acts {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let created = expect!($to, "orders.created", { id: _ });
        publish!($from, TRIGGER, says([("orders.created", json!({ "id": "ORD-42" }))]));
        let result = settle!($s);
        let id = result[created].message()["id"].clone();

        let $s = next_act!($s);
        let paid = expect!($to, "orders.paid", { order: "ORD-42" }, since created);
        publish!($from, TRIGGER, says([("orders.paid", json!({ "order": id }))]));
        let result = settle!($s);
        assert_eq!(result.act(), 2);
        assert_eq!(result[created].message()["id"], result[paid].message()["order"]);
        result
    }};
    // The second act stays without an answer, and the third is never reached.
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.created", { id: "ORD-42" });
        publish!($from, TRIGGER, says([("orders.created", json!({ "id": "ORD-42" }))]));
        let $s = next_act!($s);
        expect!($to, "orders.paid", { order: "ORD-42" });
        publish!($from, TRIGGER, says([]));
        let $s = next_act!($s);
        expect!($to, "orders.sent");
        publish!($from, TRIGGER, says([("orders.sent", json!({}))]));
        settle!($s)
    }};
}

macro_rules! captured {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let created = expect!($to, "orders.created", {
            id: capture id: String & prefix "ORD-",
            lines: [.., { sku: "B", price: capture price: f64 }, ..],
        });
        let lines = json!([{ "sku": "A", "price": 1 }, { "sku": "B", "price": 2.5 }]);
        let order = json!({ "id": "ORD-42", "lines": lines });
        publish!($from, TRIGGER, says([("orders.created", order)]));
        let result = settle!($s);
        let id: String = result[created].captured("id");
        let price: f64 = result[created].captured("price");

        let $s = next_act!($s);
        expect!($to, "orders.paid", { order: "ORD-42", amount: 2.5 });
        publish!($from, TRIGGER, says([("orders.paid", json!({ "order": id, "amount": price }))]));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.created", { id: capture id: u32, total: capture total });
        publish!($from, TRIGGER, says([("orders.created", json!({ "id": "ORD-42" }))]));
        settle!($s)
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        next_act => two_acts!(),
        capture => captured!(),
    ]
}
