//! Replies that behave like services. On a stage they are asked on one transport and answer on the other.

use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{ReplyState, ScenarioResult, Value};
use choreo_test_features::{Pair, services};

use crate::matrix::{Body, Feature};

/// Questions that are left to chance.
const ASKED: u64 = 20;

/// From the receipt of one message to that of another: what holds an answer back lies in between, whatever the
/// machine does besides.
fn between(result: &ScenarioResult, asked: Handle<Value>, answered: Handle<Value>) -> Duration {
    let at = |handle| result[handle].envelope().map(|came| came.received_at);
    let (asked, answered) = (at(asked), at(answered));
    answered
        .expect("it came")
        .duration_since(asked.expect("it came"))
}

macro_rules! always {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", |ask| json!({ "of": ask["item"] }), always);
        expect!($to, "stock.level", unordered [{ of: 1 }, { of: 2 }, { of: 3 }]);
        begin!($s);
        for item in 1..=3 {
            publish!($from, "stock.get", { item: item });
        }
        let result = settle!($s);
        assert_eq!(result.replies()[0].reply_count, 3);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, times 2);
        expect!($to, "stock.level", { level: 3 }, times 3);
        begin!($s);
        for item in 1..=3 {
            publish!($from, "stock.get", { item: item });
        }
        settle!($s)
    }};
}

macro_rules! sequence {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "payment.new" => $($on)* "payment.done",
            sequence [{ error: "busy" }, |payment| json!({ "paid": payment["amount"] })], required);
        expect!($to, "payment.done", { error: "busy" });
        expect!($to, "payment.done", { paid: 7 });
        begin!($s);
        for _ in 0..3 {
            publish!($from, "payment.new", { amount: 7 });
        }
        let result = settle!($s);
        assert_eq!(result.replies()[0].reply_count, 2);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "payment.new" => $($on)* "payment.done",
            sequence [{ error: "busy" }, { paid: 7 }], required);
        expect!($to, "payment.done", { error: "busy" });
        publish!($from, "payment.new", { amount: 7 });
        settle!($s)
    }};
}

macro_rules! delay {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, delay 20ms);
        let asked = expect!($from, "stock.get");
        let level = expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        let result = settle!($s);
        assert!(between(&result, asked, level) >= Duration::from_millis(20));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, delay 1h);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! delay_range {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, delay 10ms..20ms, seed 7);
        let asked = expect!($from, "stock.get");
        let level = expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        let result = settle!($s);
        assert!(between(&result, asked, level) >= Duration::from_millis(10));
        assert_eq!(result.replies()[0].seed, Some(7));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, delay 1h..2h, seed 7);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! delay_drawn {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 },
            delay |share| Duration::from_millis(10).mul_f64(1.0 + share), seed 7);
        let asked = expect!($from, "stock.get");
        let level = expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        let result = settle!($s);
        assert!(between(&result, asked, level) >= Duration::from_millis(10));
        assert_eq!(result.replies()[0].seed, Some(7));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 },
            delay |share| Duration::from_secs(3600).mul_f64(1.0 + share), seed 7);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! error_rate {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 },
            always, error_rate 0.5 => { error: "busy" }, seed 42);
        // The seed makes the same of it in every run and setting.
        expect!($to, "stock.level", { level: 3 }, times 13);
        expect!($to, "stock.level", { error: "busy" }, times 7);
        begin!($s);
        for item in 0..ASKED {
            publish!($from, "stock.get", { item: item });
        }
        let result = settle!($s);
        assert_eq!(result.replies()[0].error_count, 7);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 },
            error_rate 1.0 => { error: "busy" }, seed 42);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! drop_rate {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, always, drop_rate 0.5, seed 42);
        expect!($from, "stock.get", times ASKED);
        // The seed makes the same of it in every run and setting.
        expect!($to, "stock.level", { level: 3 }, times 12);
        begin!($s);
        for item in 0..ASKED {
            publish!($from, "stock.get", { item: item });
        }
        let result = settle!($s);
        let reply = &result.replies()[0];
        assert_eq!((reply.dropped_count, reply.reply_count), (8, 12));
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, drop_rate 1.0, seed 42);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! drop_first {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", |ask| json!({ "of": ask["item"] }),
            drop_first 2, required);
        expect!($to, "stock.level", { of: 3 }, exactly_once);
        begin!($s);
        for item in 1..=3 {
            publish!($from, "stock.get", { item: item });
        }
        let result = settle!($s);
        assert_eq!(result.replies()[0].dropped_count, 2);
        result
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", { level: 3 }, drop_first 2);
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

macro_rules! async_builder {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", async |ask| {
            tokio::task::yield_now().await;
            json!({ "of": ask["item"] })
        });
        expect!($to, "stock.level", { of: 1 });
        publish!($from, "stock.get", { item: 1 });
        settle!($s)
    }};
    // It ends the scenario at once, and shows the name of the error's type only.
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get" => $($on)* "stock.level", async |ask| {
            tokio::task::yield_now().await;
            ask["item"].to_string().parse::<u32>()
        });
        expect!($to, "stock.level", 1);
        publish!($from, "stock.get", { item: "none" });
        settle!($s)
    }};
}

macro_rules! state {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.take" => $($on)* "stock.level", |take, left: &mut i64| {
            *left -= take["count"].as_i64().unwrap_or_default();
            json!({ "left": *left })
        }, state 10, always);
        expect!($to, "stock.level", unordered [{ left: 9 }, { left: 7 }]);
        begin!($s);
        publish!($from, "stock.take", { count: 1 });
        publish!($from, "stock.take", { count: 2 });
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.take" => $($on)* "stock.level", |_, left: &mut u32| {
            *left -= 1;
            json!({ "left": *left })
        }, state 10, always);
        expect!($to, "stock.level", { left: 10 });
        publish!($from, "stock.take", { count: 1 });
        settle!($s)
    }};
}

macro_rules! several_topics {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, ["stock.get", "stock.refresh"] => $($on)* "stock.level",
            sequence [{ level: 3 }, { level: 2 }]);
        expect!($to, "stock.level", { level: 3 });
        expect!($to, "stock.level", { level: 2 });
        begin!($s);
        publish!($from, "stock.refresh", {});
        publish!($from, "stock.get", {});
        settle!($s)
    }};
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, ["stock.get", "stock.refresh"] => $($on)* "stock.level", { level: 3 });
        expect!($to, "stock.level", { level: 3 });
        publish!($from, "stock.ask", {});
        settle!($s)
    }};
}

macro_rules! required {
    (passes $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.get", { item: 1 } => $($on)* "stock.level", { level: 3 }, required);
        expect!($from, "stock.get", { item: 1 });
        publish!($from, "stock.get", { item: 1 });
        let result = settle!($s);
        assert_eq!(result.replies()[0].state, ReplyState::Replied);
        result
    }};
    // One that nobody asks, and one whose pattern refuses what it is asked.
    (fails $s:ident, $from:expr, $to:expr, [$($on:tt)*];) => {{
        reply!($from, "stock.refresh" => $($on)* "stock.level", { level: 3 }, always, required);
        reply!($from, "stock.get", { item: 1 } => $($on)* "stock.level", { level: 3 }, required);
        expect!($from, "stock.get");
        publish!($from, "stock.get", { item: 2 });
        settle!($s)
    }};
}

macro_rules! bundle {
    (passes $s:ident, $from:expr, $to:expr, $bundle:path) => {{
        $bundle(&$s);
        expect!($to, "stock.level", unordered [{ left: 9 }, { left: 8 }]);
        expect!($to, "payment.done", { error: "busy" });
        expect!($to, "payment.done", { paid: 7 });
        begin!($s);
        publish!($from, "stock.get", {});
        publish!($from, "stock.refresh", {});
        publish!($from, "payment.new", { amount: 7 });
        publish!($from, "payment.new", { amount: 7 });
        let result = settle!($s);
        let counts: Vec<_> = result.replies().iter().map(|reply| reply.reply_count).collect();
        assert_eq!(counts, [2, 2]);
        result
    }};
    // The half that nobody asks is shown with its place in the bundle.
    (fails $s:ident, $from:expr, $to:expr, $bundle:path) => {{
        $bundle(&$s);
        expect!($to, "stock.level", { left: 9 });
        publish!($from, "stock.get", {});
        settle!($s)
    }};
}

/// A bundle names its transports, so there is one for each kind of scenario.
pub(crate) fn bundles() -> Feature {
    async fn passes(s: Scenario<'_>) -> Arc<ScenarioResult> {
        bundle!(passes s, s, s, services::shop)
    }
    async fn fails(s: Scenario<'_>) -> Arc<ScenarioResult> {
        bundle!(fails s, s, s, services::shop)
    }
    async fn passes_on_stage(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
        bundle!(passes s, s.memory, s.nats, services::shop_on_stage)
    }
    async fn fails_on_stage(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
        bundle!(fails s, s.memory, s.nats, services::shop_on_stage)
    }
    let one: [Body<Harness>; 2] = [|s| Box::pin(passes(s)), |s| Box::pin(fails(s))];
    let stage: [Body<Pair>; 2] = [
        |s| Box::pin(passes_on_stage(s)),
        |s| Box::pin(fails_on_stage(s)),
    ];
    Feature::new("bundle", one, stage)
}

pub(crate) fn features() -> Vec<Feature> {
    let mut features = matrix![
        repeat => always!(),
        sequence => sequence!(),
        delay => delay!(),
        delay_range => delay_range!(),
        delay_drawn => delay_drawn!(),
        error_rate => error_rate!(),
        drop_rate => drop_rate!(),
        drop_first => drop_first!(),
        async_builder => async_builder!(),
        state => state!(),
        several_topics => several_topics!(),
        required => required!(),
    ];
    features.push(bundles());
    for feature in &mut features {
        // Its three questions are asked while the first is being answered.
        feature.timeline = feature.name != "repeat";
    }
    features
}
