//! What is around a payload. NATS has headers, but neither keys nor most metadata: there these are refused with
//! what to use instead, and a stage expects them on its other transport.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::{Feature, Scenarios};

macro_rules! headers {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let done = expect!($to, "orders.done",
            headers { "x-source": in ["shop", "test"], "X-Trace": prefix "t-", "x-error": absent });
        let asked = says([("orders.done", json!({ "id": 1 }))]);
        publish!($from, TRIGGER, asked.header("X-Source", "shop").header("x-trace", "t-1"));
        let result = settle!($s);
        let came = result[done].envelope().expect("it matched");
        assert_eq!(came.headers.get("x-source"), Some("shop"));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.done", { id: 1 }, headers { "x-source": "shop", "x-trace": prefix "t-" });
        let asked = says([("orders.done", json!({ "id": 1 }))]);
        publish!($from, TRIGGER, asked.header("x-sorce", "shop").header("x-trace", "s-1"));
        settle!($s)
    }};
}

macro_rules! key {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.done", { id: 1 }, key prefix "ORD-");
        publish!($from, TRIGGER, says([("orders.done", json!({ "id": 1 }))]).key("ORD-42"));
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.done", { id: 1 }, key "ORD-42");
        publish!($from, TRIGGER, says([("orders.done", json!({ "id": 1 }))]).key("ORD-43"));
        settle!($s)
    }};
}

macro_rules! metadata {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let done = expect!($to, "orders.done", { id: 1 }, metadata { partition: 0..8, x_death: absent });
        publish!($from, TRIGGER, says([("orders.done", json!({ "id": 1 }))]).metadata("partition", 3));
        let result = settle!($s);
        let came = result[done].envelope().expect("it matched");
        assert_eq!(came.metadata.get("partition"), Some(&json!(3)));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        expect!($to, "orders.done", { id: 1 }, metadata { partition: 0..8 });
        publish!($from, TRIGGER, says([("orders.done", json!({ "id": 1 }))]).metadata("partition", 9));
        settle!($s)
    }};
}

/// What NATS says of a question that nobody listens for.
async fn status(s: Scenario<'_>) -> Arc<ScenarioResult> {
    expect!(s, s.inbox(), metadata { status: 503 });
    request!(s, "prices.get", { item: 1 });
    settle!(s)
}

/// Where the transport has none, whoever expects one is told at once.
async fn refused_key(s: Scenario<'_>) -> Arc<ScenarioResult> {
    key!(fails s, s, s, [];)
}

async fn refused_metadata(s: Scenario<'_>) -> Arc<ScenarioResult> {
    metadata!(fails s, s, s, [];)
}

/// Those of [`matrix!`], but for NATS, and with the stage the other way round: the trigger on NATS, and the
/// answer in memory.
macro_rules! answered_in_memory {
    ($name:ident, $nats:expr) => {{
        async fn passes(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
            $name!(passes s, s.nats, s.memory, [s.memory,];)
        }
        async fn fails(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
            $name!(fails s, s.nats, s.memory, [s.memory,];)
        }
        let mut features = matrix![$name => $name!()];
        let mut feature = features.remove(0);
        feature.nats = $nats;
        feature.stage.passes = Some(|s| Box::pin(passes(s)));
        feature.stage.fails = |s| Box::pin(fails(s));
        feature
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    let mut features = matrix![headers => headers!()];
    let refused = Scenarios {
        passes: None,
        fails: |s| Box::pin(refused_key(s)),
        snapshot: "nats",
    };
    features.push(answered_in_memory!(key, refused));
    let its_own = Scenarios {
        passes: Some(|s| Box::pin(status(s))),
        fails: |s| Box::pin(refused_metadata(s)),
        snapshot: "nats",
    };
    features.push(answered_in_memory!(metadata, its_own));
    features
}
