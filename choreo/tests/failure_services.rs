//! What a person reads when a reply with a manner of its own broke the scenario, as a whole. Times are
//! replaced.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use choreo::ScenarioResult;
use choreo::prelude::*;

async fn harness() -> Harness {
    Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_millis(50))
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
    let places = regex::Regex::new(r"failure_services\.rs:\d+").unwrap();
    places
        .replace_all(&text, "failure_services.rs:<line>")
        .into_owned()
}

#[tokio::test]
async fn required_and_never_asked() {
    let harness = harness().await;
    let mut scope = harness.scenario("the stock is asked").open();
    let s = scope.arrange();
    reply!(s, ["stock.get", "stock.refresh"] => "stock.level", { level: 3 }, always, required);
    expect!(s, "orders.new");
    publish!(s, "orders.new", { count: 1 });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn required_and_answered_too_rarely() {
    let harness = harness().await;
    let mut scope = harness.scenario("the payment is tried again").open();
    let s = scope.arrange();
    reply!(s, "payment.new" => "payment.done",
        sequence [{ ok: false }, { ok: false }, { ok: true }], required);
    expect!(s, "payment.done", { ok: false });
    publish!(s, "payment.new", { count: 1 });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn required_and_refused() {
    let harness = harness().await;
    let mut scope = harness
        .scenario("the stock is asked for a known item")
        .open();
    let s = scope.arrange();
    reply!(s, "stock.get", { item: "ITEM-42" } => "stock.level", { level: 3 }, required);
    expect!(s, "stock.get");
    publish!(s, "stock.get", { item: "ITEM-43" });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn chance_and_its_seed() {
    let harness = harness().await;
    let mut scope = harness.scenario("a service on a bad day").open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", { ok: true }, always,
        error_rate 0.5 => { error: "busy" }, drop_rate 0.3, seed 42);
    reply!(s, "done" => "all", {}, required);
    expect!(s, "missing");
    begin!(s);
    for n in 0..8 {
        publish!(s, "ask", { n: n });
    }
    publish!(s, "done", {});
    let text = text_of(&settle!(s));
    let (replies, _timeline) = text.split_once("  timeline").unwrap();
    insta::assert_snapshot!(replies);
}

#[tokio::test]
async fn chance_of_the_run() {
    let harness = harness().await;
    let mut scope = harness.scenario("a service on any day").open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", {}, delay 1ns..2ns);
    expect!(s, "answer");
    expect!(s, "missing");
    publish!(s, "ask", {});
    let text = text_of(&settle!(s));
    let seeds = regex::Regex::new(r"(seed |SEED=|from )\d+").unwrap();
    let text = seeds.replace_all(&text, "$1<seed>");
    let (replies, _timeline) = text.split_once("  timeline").unwrap();
    insta::assert_snapshot!(replies);
}

#[tokio::test]
async fn an_answer_that_takes_too_long() {
    let harness = harness().await;
    let mut scope = harness.scenario("the answer is late").open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", { ok: true }, delay 1h);
    expect!(s, "answer", { ok: true });
    publish!(s, "ask", {});
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn a_share_that_is_none() {
    let harness = harness().await;
    let mut scope = harness.scenario("a wrong share").open();
    let s = scope.arrange();
    let share = 20.0;
    reply!(s, "ask" => "answer", { ok: true }, error_rate share => { error: "busy" });
    expect!(s, "answer", { ok: true });
    publish!(s, "ask", {});
    insta::assert_snapshot!(text_of(&settle!(s)));
}
