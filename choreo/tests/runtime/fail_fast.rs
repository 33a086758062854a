//! Near misses that end the scenario.

use std::time::Duration;

use choreo::prelude::*;
use choreo::{ScenarioErrorKind, ScenarioResult, TimelineAction};

use super::support::world;

/// Far less than the timeout of an hour.
async fn at_once<T>(settling: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), settling)
        .await
        .expect("it ends at once")
}

fn is_last(result: &ScenarioResult, detail: &str) -> bool {
    let last = result.timeline().last().unwrap();
    (last.action, last.detail.as_str()) == (TimelineAction::NearMiss, detail)
}

#[tokio::test]
async fn the_first_near_miss_ends_the_scenario() {
    let world = world().await;
    let mut scope = world.scope(3_600_000);
    let s = scope.arrange();
    let done = expect!(s, "orders", { state: "DONE" }, fail_fast);
    let open = expect!(s, "silence");
    begin!(s);
    publish!(s, "orders", { state: "FAILED" });
    let result = at_once(async { settle!(s) }).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[done].outcome(), Outcome::Fail);
    assert_eq!(result[done].near_miss_count(), 1);
    assert!(result[open].try_message().is_none());
    let text = result.failure_text();
    for expected in [
        "✗ orders  fail: a message came that does not match, and `fail_fast` ends the scenario with it",
        "state  expected \"DONE\"  got \"FAILED\"",
        "· silence  undecided: nothing had come yet",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(is_last(&result, "it fails fast"), "{text}");
}

#[tokio::test]
async fn what_matches_in_time_or_comes_afterwards_ends_nothing() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let done = expect!(s, "orders", { state: "DONE" }, fail_fast, deadline 1s, within 1s);
    let twice = expect!(s, "orders", { state: "DONE" }, times 2, for 10ms, fail_fast);
    let set = expect!(s, "orders", unordered [{ n: 1 }, { n: 2 }], fail_fast);
    begin!(s);
    for n in 1..=2 {
        publish!(s, "orders", { state: "DONE", n: n });
    }
    publish!(s, "orders", { state: "FAILED" });
    publish!(s, "parcels", { state: "FAILED" });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[done].near_miss_count(), 0);
    assert_eq!((result[twice].count(), result[set].count()), (2, 2));
}

#[tokio::test]
async fn numbers_and_sets_fail_fast_as_well() {
    let world = world().await;
    for case in 0..2 {
        let mut scope = world.scope(3_600_000);
        let s = scope.arrange();
        let orders = match case {
            0 => expect!(s, "orders", { n: > 0 }, at_least 3, fail_fast),
            _ => expect!(s, "orders", unordered [{ n: 1 }, { n: 2 }], fail_fast),
        };
        begin!(s);
        for n in [1, 0, 2] {
            publish!(s, "orders", { n: n });
        }
        let result = at_once(async { settle!(s) }).await;
        assert_eq!(result[orders].outcome(), Outcome::Fail);
        assert_eq!(
            (result[orders].count(), result[orders].near_miss_count()),
            (1, 1)
        );
        let text = result.failure_text();
        assert!(
            text.contains("`fail_fast` ends the scenario with it"),
            "{text}"
        );
        assert!(text.contains("n  expected "), "{text}");
    }
}

/// What comes then is neither a match nor a near miss.
#[tokio::test(start_paused = true)]
async fn behind_its_deadline_nothing_ends_the_scenario() {
    let world = world().await;
    let mut scope = world.scope(3_600_000);
    let s = scope.arrange();
    reply!(s, "in" => "out", { n: 0 }, delay 100ms);
    reply!(s, "in" => "other", {}, delay 200ms);
    let out = expect!(s, "out", { n: 1 }, deadline 50ms, fail_fast);
    let other = expect!(s, "other");
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[out].outcome(), Outcome::Timeout);
    assert_eq!(result[other].outcome(), Outcome::Pass);
}

#[tokio::test]
async fn the_messages_of_others_end_nothing() {
    let world = world().await;
    let (mut first, mut second) = (world.scope(2_000), world.scope(2_000));
    let (s, other) = (first.arrange(), second.arrange());
    expect!(s, "orders", { n: 1 }, fail_fast);
    expect!(other, "orders", { n: 2 });
    begin!(s);
    publish!(other, "orders", { n: 2 });
    publish!(s, "orders", { n: 1 });
    settle!(other).assert_passed();
    settle!(s).assert_passed();
}

#[tokio::test]
async fn without_ids_it_must_be_allowed() {
    let harness = Harness::builder(Memory::new()).connect().await.unwrap();
    let mut scope = harness.scenario("without ids").open();
    let s = scope.arrange();
    expect!(s, "orders", { n: 1 }, fail_fast);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    insta::assert_snapshot!(error.text);

    let mut scope = harness.scenario("on its own").open();
    let s = scope.arrange();
    expect!(s, "orders", { n: 1 }, fail_fast, unrouted);
    begin!(s);
    publish!(s, "orders", { n: 0 });
    assert_eq!(settle!(s).outcome(), Outcome::Fail);

    let mut scope = harness.scenario("an inbox is its scenario's own").open();
    let s = scope.arrange();
    let inbox = s.inbox().to_owned();
    expect!(s, inbox.as_str(), { n: 1 }, fail_fast);
    begin!(s);
    publish!(s, inbox.as_str(), { n: 1 });
    settle!(s).assert_passed();
}

#[tokio::test]
async fn a_number_that_needs_none_has_no_near_miss() {
    let world = world().await;
    let mut scope = world.scope(1_000);
    let s = scope.arrange();
    let least = 0_u64;
    expect!(s, "out", times (least)..=3, for 10ms, fail_fast);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    assert!(error.text.contains("no near miss"), "{error}");
}
