//! Scenarios under a clock that stands still: time goes on only when nothing else does.

use std::time::{Duration, Instant};

use choreo::prelude::*;

use crate::support::world;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn a_paused_clock_decides_budgets_and_windows() {
    let world = world().await;
    let mut scope = world.scope(3 * 3_600_000);
    let s = scope.arrange();
    reply!(s, "ask" => "answer", { n: 1 }, delay HOUR);
    reply!(s, "hurry" => "soon", { n: 2 }, delay 10ms);
    let slow = expect!(s, "answer", within 59min);
    let soon = expect!(s, "soon", within 1s);
    let none = never!(s, "refunds", for 2h);
    let began = Instant::now();
    begin!(s);
    publish!(s, "ask", {});
    publish!(s, "hurry", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Slow);
    assert_eq!(result[slow].outcome(), Outcome::Slow);
    assert_eq!(result[soon].outcome(), Outcome::Pass);
    assert_eq!(result[none].outcome(), Outcome::Pass);
    // By the paused clock, to its own resolution.
    let latency = result[slow].latency().unwrap();
    assert_eq!(latency.as_secs(), HOUR.as_secs(), "{latency:?}");
    // Nobody waited for two hours.
    assert!(began.elapsed() < HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_ends_what_never_comes() {
    let world = world().await;
    let mut scope = world.scope(3_600_000);
    let s = scope.arrange();
    expect!(s, "answer");
    begin!(s);
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(text.contains("nothing came within"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn time_before_the_trigger_counts_for_nothing() {
    let world = world().await;
    // Published, as a message of the scenario is.
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    reply!(s, "ask" => "answer", {}, delay 500ms);
    let answer = expect!(s, "answer", within 1s, deadline 2s);
    tokio::time::advance(HOUR).await;
    publish!(s, "ask", {});
    let result = settle!(s);
    assert_eq!(result[answer].outcome(), Outcome::Pass, "{result}");
    let latency = result[answer].latency().unwrap();
    assert!(
        (500..1_000).contains(&latency.as_millis()),
        "it counts from the publish: {latency:?}"
    );

    // Begun, where something else is the trigger.
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let answer = expect!(s, "answer", within 1s, deadline 2s);
    tokio::time::advance(HOUR).await;
    begin!(s);
    tokio::time::advance(Duration::from_millis(500)).await;
    publish!(s, "answer", {});
    let result = settle!(s);
    assert_eq!(result[answer].outcome(), Outcome::Pass, "{result}");
    let latency = result[answer].latency().unwrap();
    assert!(
        (500..1_000).contains(&latency.as_millis()),
        "it counts from `begin!`: {latency:?}"
    );
}
