//! Deadlines of single expectations, mostly under a clock that stands still: a reply with a delay is the service.

use std::time::Duration;

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::prelude::*;
use choreo::{ScenarioErrorKind, TimelineAction};

use crate::support::world;

const HOUR_MS: u64 = 3_600_000;

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[tokio::test(start_paused = true)]
async fn a_message_in_time_passes() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "out", { n: 1 }, delay 100ms);
    let limit = ms(200);
    let done = expect!(s, "out", { n: 1 }, deadline limit, within 150ms);
    let slow = expect!(s, "out", { n: 1 }, deadline 200ms, within 50ms);
    let none = expect!(s, "out", { n: 1 });
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[done].outcome(), Outcome::Pass);
    assert_eq!(result[slow].outcome(), Outcome::Slow);
    assert_eq!(result[done].deadline(), Some(limit));
    assert_eq!(result[none].deadline(), None);
    let mut actions = result.timeline().iter().map(|entry| entry.action);
    assert!(!actions.any(|action| action == TimelineAction::Deadline));
}

/// An hour before the timeout, with the outcomes of a timeout.
#[tokio::test(start_paused = true)]
async fn the_act_ends_when_every_deadline_has_passed() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    let wrong = expect!(s, "out", { n: 2 }, deadline 100ms);
    let silent = expect!(s, "silence", deadline 200ms);
    let came = expect!(s, "out", { n: 1 }, deadline 1ms);
    begin!(s);
    publish!(s, "out", { n: 1 });
    let result = settle!(s);
    assert!(s.elapsed() < ms(300), "{:?}", s.elapsed());
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert_eq!(result[wrong].outcome(), Outcome::Fail);
    assert_eq!(result[silent].outcome(), Outcome::Timeout);
    assert_eq!(result[came].outcome(), Outcome::Pass);
    let text = result.failure_text();
    for expected in [
        "✗ out  fail: 1 message came by its deadline of 100 ms, none matched",
        "✗ silence  timeout: nothing came by its deadline of 200 ms",
        "the hop that broke: `out` went out, and nothing came back on `silence`",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let entries = result.timeline().iter();
    let deadlines = entries.filter(|entry| entry.action == TimelineAction::Deadline);
    let deadlines: Vec<_> = deadlines
        .map(|entry| (entry.topic.as_deref().unwrap(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        deadlines,
        [("out", "1 came, none matched"), ("silence", "nothing came")]
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_later_is_told_and_changes_nothing() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "out", { n: 1 }, delay 235ms);
    reply!(s, "in" => "out", { n: 0 }, delay 210ms);
    reply!(s, "in" => "other", {}, delay 300ms);
    let late = expect!(s, "out", { n: 1 }, deadline 200ms);
    let silent = expect!(s, "out", { n: 2 }, deadline 200ms);
    let other = expect!(s, "other");
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[late].outcome(), Outcome::Timeout);
    assert!(result[late].try_message().is_none() && result[late].latency().is_none());
    // What is wrong and late is no near miss.
    assert_eq!(result[late].near_miss_count(), 0);
    assert_eq!(result[silent].outcome(), Outcome::Timeout);
    assert_eq!(result[other].outcome(), Outcome::Pass);
    let text = result.failure_text();
    let told = text
        .lines()
        .find(|line| line.contains("✗ out  timeout: came "));
    let told = told.unwrap_or_else(|| panic!("{text}"));
    assert!(told.contains(" ms after its deadline of 200 ms"), "{text}");
    // Of the two only the silent one has a hop that broke.
    assert_eq!(text.matches("the hop that broke").count(), 1, "{text}");
    let details = result.timeline().iter().map(|entry| entry.detail.as_str());
    assert_eq!(details.filter(|it| *it == "after its deadline").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_near_miss_in_time_and_a_match_too_late_are_both_told() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "out", { n: 0 }, delay 100ms);
    reply!(s, "in" => "out", { n: 1 }, delay 300ms);
    let out = expect!(s, "out", { n: 1 }, deadline 200ms);
    expect!(s, "out", { n: 1 });
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[out].outcome(), Outcome::Fail);
    assert_eq!(result[out].near_miss_count(), 1);
    let text = result.failure_text();
    assert!(text.contains("a message that matches came "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn every_message_that_is_needed_has_to_be_in_time() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "out", { n: 1 }, delay 100ms);
    reply!(s, "in" => "out", { n: 2 }, delay 200ms);
    let both = expect!(s, "out", { n: _ }, times 2, ordered_by n, deadline 300ms);
    let short = expect!(s, "out", { n: _ }, times 2, deadline 150ms);
    let more = expect!(s, "out", { n: _ }, at_least 1, deadline 150ms);
    let set = expect!(s, "out", unordered [{ n: 2 }, { n: 1 }], deadline 300ms);
    let half = expect!(s, "out", unordered [{ n: 2 }, { n: 1 }], deadline 150ms);
    let none = expect!(s, "out", unordered [{ n: 2 }, { n: 3 }], deadline 50ms);
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[both].outcome(), Outcome::Pass);
    assert_eq!(
        (result[short].outcome(), result[short].count()),
        (Outcome::Fail, 1)
    );
    // What is needed was in time; how long more may come is another matter.
    assert_eq!(
        (result[more].outcome(), result[more].count()),
        (Outcome::Pass, 2)
    );
    assert_eq!(result[set].outcome(), Outcome::Pass);
    assert_eq!(
        (result[half].outcome(), result[half].count()),
        (Outcome::Fail, 1)
    );
    assert_eq!(result[none].outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(
        text.contains("1 of 2 messages came by its deadline of 150 ms"),
        "{text}"
    );
    assert_eq!(
        text.matches("a message that matches came ").count(),
        2,
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_window_runs_on_behind_a_deadline_that_was_kept() {
    let world = world().await;
    let run = async |again: bool| {
        let mut scope = world.scope(HOUR_MS);
        let s = scope.arrange();
        reply!(s, "in" => "out", {}, delay 100ms);
        if again {
            reply!(s, "in" => "out", {}, delay 300ms);
        }
        let once = expect!(s, "out", exactly_once, for 400ms, deadline 200ms);
        publish!(s, "in", {});
        let result = settle!(s);
        (result[once].outcome(), result[once].offender().is_some())
    };
    assert_eq!(run(false).await, (Outcome::Pass, false));
    assert_eq!(run(true).await, (Outcome::Fail, true));
}

/// The others go on waiting, up to their own ends.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_passed_cuts_no_window_and_no_timeout_short() {
    let world = world().await;
    let mut scope = world.scope(1_000);
    let s = scope.arrange();
    let missed = expect!(s, "missed", deadline 10ms);
    let none = never!(s, "refunds", for 300ms);
    begin!(s);
    let result = settle!(s);
    assert_eq!(result[missed].outcome(), Outcome::Timeout);
    assert_eq!(result[none].outcome(), Outcome::Pass);
    assert!(s.elapsed() >= ms(300) && s.elapsed() < ms(400));

    let mut scope = world.scope(500);
    let s = scope.arrange();
    expect!(s, "missed", deadline 10ms);
    let silent = expect!(s, "silence");
    begin!(s);
    let result = settle!(s);
    assert_eq!(result[silent].outcome(), Outcome::Timeout);
    assert!(s.elapsed() >= ms(500));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_bounds_a_later_deadline() {
    let world = world().await;
    let mut scope = world.scope(100);
    let s = scope.arrange();
    let out = expect!(s, "out", deadline 1h);
    begin!(s);
    let result = settle!(s);
    assert_eq!(result[out].outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(text.contains("nothing came within 100 ms"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn its_clock_may_start_at_a_message() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "accepted", {}, delay 500ms);
    reply!(s, "in" => "shipped", {}, delay 600ms);
    let accepted = expect!(s, "accepted");
    let shipped = expect!(s, "shipped", deadline 200ms, since accepted);
    let late = expect!(s, "shipped", deadline 50ms, since accepted);
    // Its clock never runs, and the timeout is far away; the window has nothing to open it.
    let lost = never!(s, "refunds", for 1s, since late);
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[shipped].outcome(), Outcome::Pass);
    assert_eq!(result[late].outcome(), Outcome::Timeout);
    assert_ne!(result[lost].outcome(), Outcome::Pass);
    assert!(s.elapsed() < ms(700), "{:?}", s.elapsed());
    let text = result.failure_text();
    assert!(text.contains(" ms after its deadline of 50 ms"), "{text}");

    // By a message of an earlier act.
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    let accepted = expect!(s, "accepted");
    begin!(s);
    publish!(s, "accepted", {});
    let s = next_act!(s);
    let shipped = expect!(s, "shipped", deadline 50ms, since accepted);
    begin!(s);
    let result = settle!(s);
    assert_eq!(result[shipped].outcome(), Outcome::Timeout);
    let text = result.failure_text();
    let expected = "nothing came by its deadline of 50 ms since `accepted` (deadlines.rs:";
    assert!(text.contains(expected), "{text}");
    assert!(s.elapsed() < ms(100));
}

#[tokio::test(start_paused = true)]
async fn each_act_has_its_own() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "one", {}, delay 100ms);
    expect!(s, "one", deadline 200ms);
    publish!(s, "in", {});
    let s = next_act!(s);
    reply!(s, "in" => "two", {}, delay 150ms);
    let two = expect!(s, "two", deadline 200ms);
    publish!(s, "in", {});
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[two].outcome(), Outcome::Pass);
}

#[tokio::test(start_paused = true)]
async fn orders_and_captures_see_what_came_in_time() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    reply!(s, "in" => "one", { id: 1 }, delay 100ms);
    reply!(s, "in" => "two", { id: 2 }, delay 50ms);
    let one = expect!(s, "one", { id: capture id: u32 }, deadline 60ms);
    let two = expect!(s, "two", { id: capture id: u32 }, deadline 60ms);
    in_order!(s, one, two);
    publish!(s, "in", {});
    let result = settle!(s);
    assert_eq!(result[two].captured::<u32>("id"), 2);
    assert!(result[one].try_message().is_none());
    // What did not count came in no order.
    assert_eq!(result.outcome(), Outcome::Timeout);
}

#[derive(Stage)]
struct Pair {
    one: Harness,
    two: Harness,
}

#[tokio::test(start_paused = true)]
async fn on_a_stage_each_transport_has_its_deadlines() {
    let memory = || Harness::builder(Memory::new()).correlation(FieldCorrelation::new("id"));
    let stage = Stage::<Pair>::builder(PairBuilder {
        one: memory(),
        two: memory(),
    });
    let stage = stage.connect().await.unwrap();
    let scenario = stage.scenario("deadlines").timeout(ms(HOUR_MS));
    let mut scope = scenario.open().await.unwrap();
    let s = scope.arrange();
    reply!(s.one, "in" => s.two, "out", {}, delay 100ms);
    let passed = expect!(s.two, "out", deadline 200ms);
    let missed = expect!(s.two, "out", deadline 50ms);
    let silent = expect!(s.one, "silence", deadline 150ms);
    publish!(s.one, "in", {});
    let result = settle!(s);
    assert_eq!(result[passed].outcome(), Outcome::Pass);
    assert_eq!(result[missed].outcome(), Outcome::Timeout);
    assert_eq!(result[silent].outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(text.contains("✗ out on two  timeout: came "), "{text}");
}

#[tokio::test]
async fn a_number_that_needs_none_has_no_deadline() {
    let world = world().await;
    let mut scope = world.scope(1_000);
    let s = scope.arrange();
    let least = 0_u64;
    expect!(s, "out", times (least)..=3, for 10ms, deadline 5ms);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    assert!(
        error.text.contains("no `deadline` can be missed"),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_lost_connection_left_open_is_not_blamed_on_the_service() {
    let world = world().await;
    let mut scope = world.scope(HOUR_MS);
    let s = scope.arrange();
    let missed = expect!(s, "out", deadline 1ms);
    let open = expect!(s, "silence");
    begin!(s);
    while s.elapsed() < ms(5) {
        tokio::task::yield_now().await;
    }
    world.broker.break_connections("the broker was killed");
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    assert_ne!(result[open].outcome(), Outcome::Pass);
    assert!(result[missed].try_message().is_none());
    let text = result.failure_text();
    assert!(
        text.contains("· out  undecided: nothing had come yet"),
        "{text}"
    );
}

/// Bodies under the runner, for `running`.
pub(crate) fn hangs_after_its_deadline(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out", deadline 10ms);
        never!(s, "refunds", for 1ms);
        publish!(s, "in", {});
        let _ = s;
        std::future::pending().await
    })
}

pub(crate) fn goes_on_while_others_are_open(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        let missed = expect!(s, "out", deadline 1ms);
        let open = expect!(s, "later");
        publish!(s, "in", {});
        while s.elapsed() < ms(5) {
            tokio::task::yield_now().await;
        }
        publish!(s, "later", {});
        let result = settle!(s);
        assert_eq!(result[open].outcome(), Outcome::Pass);
        assert_eq!(result[missed].outcome(), Outcome::Timeout);
        body_end(())
    })
}
