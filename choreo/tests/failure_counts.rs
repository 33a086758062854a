//! What a person reads when too many, too few or forbidden messages came, or in another order. Times are
//! replaced.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use choreo::ScenarioResult;
use choreo::prelude::*;

async fn harness() -> Harness {
    Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_millis(200))
        .connect()
        .await
        .unwrap()
}

fn text_of(result: &Arc<ScenarioResult>) -> String {
    let text = result.failure_text();
    let durations = regex::Regex::new(r" *\+?\d+(\.\d+)? (ns|µs|ms|s)\b").unwrap();
    let text = durations.replace_all(&text, " <time>");
    let ids = regex::Regex::new("[0-9a-f]{32}").unwrap();
    let text = ids.replace_all(&text, "<id>");
    let places = regex::Regex::new(r"failure_counts\.rs:\d+").unwrap();
    places
        .replace_all(&text, "failure_counts.rs:<line>")
        .into_owned()
}

#[tokio::test]
async fn too_few_came() {
    let harness = harness().await;
    let mut scope = harness.scenario("three parcels").open();
    let s = scope.arrange();
    expect!(s, "parcels", { weight: > 0 }, times 3);
    expect!(s, "letters", at_least 1);
    begin!(s);
    for weight in [1, 0, 2] {
        publish!(s, "parcels", { weight: weight });
    }
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test(start_paused = true)]
async fn deadlines_were_missed() {
    let harness = harness().await;
    let mut scope = harness.scenario("in time").open();
    let s = scope.arrange();
    reply!(s, "orders" => "parcels", { weight: 1 }, delay 10ms);
    reply!(s, "orders" => "parcels", { weight: 2 }, delay 60ms);
    reply!(s, "orders" => "letters", {}, delay 80ms);
    reply!(s, "orders" => "end", {}, delay 100ms);
    let first = expect!(s, "parcels", { weight: 1 });
    expect!(s, "parcels", { weight: 2 }, deadline 50ms);
    expect!(s, "parcels", { weight: _ }, times 2, deadline 50ms);
    expect!(s, "letters", deadline 50ms, since first);
    expect!(s, "bills", deadline 50ms, since first);
    expect!(s, "end");
    publish!(s, "orders", {});
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn one_too_many_came() {
    let harness = harness().await;
    let mut scope = harness.scenario("two parcels").open();
    let s = scope.arrange();
    expect!(s, "parcels", { weight: > 0 }, times 1..=2, for 1s);
    expect!(s, "letters");
    begin!(s);
    for weight in [1, 2, 3] {
        publish!(s, "parcels", { weight: weight });
    }
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn a_duplicate_came() {
    let harness = harness().await;
    let mut scope = harness.scenario("charged once").open();
    let s = scope.arrange();
    expect!(s, "payments.*", { order: "ORD-42" }, exactly_once, for 1s);
    begin!(s);
    publish!(s, "payments.charge", { order: "ORD-42", amount: 7 });
    publish!(s, "payments.charge", { order: "ORD-42", amount: 7 });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn something_forbidden_came() {
    let harness = harness().await;
    let mut scope = harness.scenario("no charge").open();
    let s = scope.arrange();
    let rejected = expect!(s, "orders.rejected", { id: "ORD-42" });
    never!(s, "payments.charge", { order: "ORD-42" }, for 1s, since rejected);
    never!(s, "letters", for 1s);
    begin!(s);
    publish!(s, "orders.rejected", { id: "ORD-42" });
    publish!(s, "payments.charge", { order: "ORD-42", amount: 7 });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn messages_were_out_of_order() {
    let harness = harness().await;
    let mut scope = harness.scenario("in order").open();
    let s = scope.arrange();
    expect!(s, "steps", times 3, ordered_by step.seq);
    begin!(s);
    for seq in [1, 3, 2] {
        publish!(s, "steps", { step: { seq: seq } });
    }
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn messages_without_the_value_have_no_order() {
    let harness = harness().await;
    for (name, payload) in [
        ("missing", json!({ "seq": 1 })),
        ("another type", json!({ "step": { "seq": "one" } })),
        ("no order", json!({ "step": { "seq": [1] } })),
    ] {
        let mut scope = harness.scenario(name).open();
        let s = scope.arrange();
        expect!(s, "steps", times 2, ordered_by step.seq);
        begin!(s);
        publish!(s, "steps", { step: { seq: 1 } });
        publish!(s, "steps", payload);
        let text = text_of(&settle!(s));
        insta::assert_snapshot!(format!("order_{}", name.replace(' ', "_")), text);
    }
}

#[tokio::test]
async fn handles_came_in_another_order() {
    let harness = harness().await;
    let mut scope = harness.scenario("paid, then shipped").open();
    let s = scope.arrange();
    let paid = expect!(s, "orders.paid");
    let shipped = expect!(s, "orders.shipped");
    in_order!(s, paid, shipped);
    begin!(s);
    publish!(s, "orders.shipped", {});
    publish!(s, "orders.paid", {});
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn some_of_a_set_are_missing() {
    let harness = harness().await;
    let mut scope = harness.scenario("every item").open();
    let s = scope.arrange();
    expect!(s, "items", unordered [{ id: 1 }, { id: 2, state: "new" }, { id: 3 }]);
    expect!(s, "parcels", unordered [{ id: 1 }, { id: 2 }]);
    begin!(s);
    publish!(s, "items", { id: 3, state: "new" });
    publish!(s, "items", { id: 2, state: "old" });
    insta::assert_snapshot!(text_of(&settle!(s)));
}
