//! By when a message must come.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_brokers::{BrokerTests, NatsServer, TestError};
use choreo_test_features::{Pair, TRIGGER, says};

use crate::matrix::Feature;
use crate::program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_slow");

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

macro_rules! in_its_budget {
    (passes $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let done = expect!($to, "orders.done", { n: 1 }, within 9s);
        expect!($to, "orders.paid", within 9s, since done);
        let messages = [("orders.done", json!({ "n": 1 })), ("orders.paid", json!({}))];
        publish!($from, TRIGGER, says(messages));
        let result = settle!($s);
        assert_eq!(result.outcome(), Outcome::Pass);
        result
    }};
    // What is slow is no failure by itself, and is told beside what is missing.
    (fails $s:ident, $from:expr, $to:expr, $on:tt;) => {{
        let done = expect!($to, "orders.done", { n: 1 }, within 1ns);
        expect!($to, "orders.paid", within 1ns);
        publish!($from, TRIGGER, says([("orders.done", json!({ "n": 1 }))]));
        let result = settle!($s);
        assert_eq!(result[done].outcome(), Outcome::Slow);
        result
    }};
}

pub(crate) fn features() -> Vec<Feature> {
    matrix![
        deadline => by_then!(),
        within => in_its_budget!(),
    ]
}

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .embedded_test("time::slow::memory", || run("memory", None))
        .test("time::slow::nats", || async {
            run("nats", Some(NatsServer::builder().start()?)).await
        })
        .test("time::slow::stage", || async {
            run("stage", Some(NatsServer::builder().start()?)).await
        })
}

/// What is over its budget passes, and fails where `slow = deny` says so.
async fn run(setting: &str, server: Option<NatsServer>) -> Result<(), TestError> {
    let text = program::run(PROGRAM, setting, server.as_ref(), &[]).await?;
    program::assert_says("slow", setting, &text);
    Ok(())
}
