//! Every outcome, and what its text says.

use std::time::Duration;

use choreo::__private::{self as steps, begin, settle};
use choreo::matcher::{Matcher, Subject, Verdict};
use choreo::matchers::{anything, eq, gt, matcher, object};
use choreo::prelude::*;
use choreo::{ReplyState, ScenarioErrorKind, TimelineAction, json};

use crate::support::{expect, expect_within, publish, world};

#[tokio::test]
async fn pass_gives_message_and_latency() {
    let world = world().await;
    world.service("in", "out", json!({ "status": "OK" })).await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    let handle = expect_within(
        &s,
        "out",
        object([("status", eq("OK"))]),
        Duration::from_secs(1),
    );
    let s = publish(s, "in", json!({ "n": 1 })).await;
    let result = settle(&s).await;
    result.assert_passed();
    assert_eq!(result.outcome(), Outcome::Pass);
    let report = &result[handle];
    assert_eq!(report.message()["n"], 1);
    assert!(report.latency().unwrap() > Duration::ZERO);
    assert_eq!(&*report.envelope().unwrap().topic, "out");
    let actions: Vec<_> = result.timeline().iter().map(|entry| entry.action).collect();
    assert_eq!(
        actions,
        [
            TimelineAction::Ready,
            TimelineAction::Published,
            TimelineAction::Matched
        ]
    );
}

#[tokio::test]
async fn over_budget_is_slow_and_passes() {
    let world = world().await;
    world.service("in", "out", json!({})).await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    let handle = expect_within(&s, "out", anything(), Duration::from_nanos(1));
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Slow);
    assert_eq!(result[handle].outcome(), Outcome::Slow);
    result.assert_passed();
}

#[tokio::test]
async fn a_wrong_message_is_fail_with_the_closest_near_miss_first() {
    let world = world().await;
    let client = world.broker.client();
    let mut scope = world.scope(60);
    let s = scope.arrange();
    let handle = expect(
        &s,
        "out",
        object([("a", eq(1)), ("b", gt(5)), ("c", eq("x"))]),
    );
    let id = s.correlation_id().unwrap().clone();
    let s = publish(s, "in", json!({})).await;
    for (a, b, c) in [(2, 1, "y"), (1, 1, "x"), (2, 9, "y")] {
        let payload = json!({ "a": a, "b": b, "c": c, "correlation_id": id.as_str() });
        client.publish("out", payload.to_string()).await.unwrap();
    }
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let report = &result[handle];
    assert_eq!(report.near_miss_count(), 3);
    let closest = report.near_misses()[0].message().unwrap();
    assert_eq!(closest.decoded().unwrap()["b"], 1);
    assert_eq!(closest.decoded().unwrap()["c"], "x");
    let text = result.failure_text();
    assert!(
        text.contains("3 messages came within 60 ms, none matched"),
        "{text}"
    );
    assert!(
        text.contains("the closest of 3 near misses differs in 1 place"),
        "{text}"
    );
    assert!(text.contains("b  expected > 5  got 1"), "{text}");
}

#[tokio::test]
async fn silence_is_timeout_and_names_the_hop() {
    let world = world().await;
    let mut scope = world.scope(30);
    let s = scope.arrange();
    let handle = expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert!(result[handle].try_message().is_none());
    let text = result.failure_text();
    assert!(text.contains("nothing came within 30 ms"), "{text}");
    assert!(
        text.contains("`in` went out, and nothing came back on `out`"),
        "{text}"
    );
    assert!(
        text.contains("no message at all came on this topic"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lost_id_is_told_in_the_text() {
    let world = world().await;
    world
        .service("in", "out", json!({ "correlation_id": null }))
        .await;
    let mut scope = world.scope(60);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(
        text.contains("1 message came without a correlation id (field `correlation_id`)"),
        "{text}"
    );
}

#[tokio::test]
async fn a_similar_topic_is_told_in_the_text() {
    let world = world().await;
    world.service("in", "orders.procesed", json!({})).await;
    let mut scope = world.scope(60);
    let s = scope.arrange();
    expect(&s, "orders.processed", anything());
    expect(&s, "orders.procesed", anything());
    let s = publish(s, "in", json!({})).await;
    let text = settle(&s).await.failure_text();
    assert!(
        text.contains("`orders.procesed` (1, a similar name)"),
        "{text}"
    );
}

#[tokio::test]
async fn an_unstamped_trigger_is_told_in_the_text() {
    let world = world().await;
    let mut scope = world.scope(30);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let draft = steps::PublishDraft::new("in", steps::raw_body("raw"));
    let s = steps::publish(s, draft).await;
    let text = settle(&s).await.failure_text();
    assert!(
        text.contains("went out without this scenario's correlation id"),
        "{text}"
    );
}

struct Panicking;

impl Matcher for Panicking {
    fn describe(&self) -> String {
        "the panicking one".to_owned()
    }

    fn check(&self, _: Subject<'_>) -> Verdict {
        panic!("by design")
    }
}

#[tokio::test]
async fn a_panicking_matcher_is_error_and_named() {
    let world = world().await;
    world.service("in", "out", json!({})).await;
    let mut scope = world.scope(5000);
    let s = scope.arrange();
    let handle = expect(&s, "out", matcher(Panicking));
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result[handle].outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Matcher);
    let text = result.failure_text();
    assert!(
        text.contains("the panicking one") && text.contains("by design"),
        "{text}"
    );
}

#[tokio::test]
async fn so_is_one_in_the_pattern_of_a_reply() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    reply!(s, "in", { order: => matcher(Panicking) } => "out", {});
    publish!(s, "in", { order: 1 });
    let result = tokio::time::timeout(Duration::from_secs(10), async { settle!(s) });
    let result = result.await.unwrap();
    assert_eq!(result.outcome(), Outcome::Error);
    let error = result.error().unwrap();
    assert_eq!(error.kind, ScenarioErrorKind::Matcher);
    assert_eq!(
        error.text,
        "the matcher `{ order: the panicking one, .. }` of a reply panicked: by design"
    );
    let reply = &result.replies()[0];
    assert_eq!(reply.reply_count, 0);
    assert_eq!(reply.state, ReplyState::Failed("panic".to_owned()));
    let text = result.failure_text();
    assert!(text.contains(&error.text), "{text}");
    assert!(!text.contains("its pattern refused"), "{text}");
}

#[tokio::test]
async fn an_undecodable_message_is_a_near_miss_with_the_reason() {
    let world = world().await;
    let client = world.broker.client();
    // Without ids: raw bytes carry none.
    let harness = Harness::builder(world.broker.clone())
        .connect()
        .await
        .unwrap();
    let mut scope = harness
        .scenario("raw")
        .timeout(Duration::from_millis(60))
        .open();
    let s = scope.arrange();
    let handle = expect(&s, "out", object([("a", eq(1))]));
    let s = begin(s).await;
    client.publish("out", "not json").await.unwrap();
    let result = settle(&s).await;
    assert_eq!(result[handle].outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(text.contains("not JSON"), "{text}");
}

#[tokio::test]
async fn a_failed_publish_is_error_at_once() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in.*", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
    assert!(
        result.failure_text().contains("wildcard"),
        "{}",
        result.failure_text()
    );
}

#[tokio::test]
async fn a_payload_that_cannot_be_encoded_is_error() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let draft = steps::PublishDraft::new("in", steps::value_body(Err("no such thing".into())));
    let s = steps::publish(s, draft).await;
    let result = settle(&s).await;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
}

#[tokio::test]
async fn a_refused_subscription_is_error_with_the_brokers_words() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect(&s, "out.>.x", anything());
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Subscribe);
    assert!(result.failure_text().contains("only be the last token"));
}

#[tokio::test]
async fn a_lost_connection_is_error_at_once_and_the_next_scenario_recovers() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    world.broker.break_connections("the broker was killed");
    let result = settle(&s).await;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    assert!(result.failure_text().contains("the broker was killed"));
    world.broker.restore();
    world.service("in", "out", json!({})).await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    settle(&s).await.assert_passed();
}

#[tokio::test]
async fn nothing_expected_is_error() {
    let world = world().await;
    let mut scope = world.scope(1000);
    let s = publish(scope.arrange(), "in", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(
        result.error().unwrap().kind,
        ScenarioErrorKind::NothingExpected
    );
}

#[tokio::test]
async fn settle_twice_gives_the_same_result() {
    let world = world().await;
    world.service("in", "out", json!({})).await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    let first = settle(&s).await;
    let second = settle(&s).await;
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn since_measures_a_hop() {
    let world = world().await;
    world.service("in", "one", json!({})).await;
    world.service("one", "two", json!({})).await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    let one = expect(&s, "one", anything());
    let options = steps::ExpectOptions::at(file!(), line!()).since(one);
    let hop = steps::expect(&s, "two", anything(), options);
    let whole = expect(&s, "two", anything());
    let s = publish(s, "in", json!({})).await;
    let result = settle(&s).await;
    result.assert_passed();
    assert!(result[hop].latency().unwrap() < result[whole].latency().unwrap());
}
