//! A broker that hands a message over before its publisher goes on: what a fast one may do, it always does.

use std::time::Duration;

use choreo::TimelineAction::{Matched, Published, Ready, Replied};
use choreo::prelude::*;

include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/direct.rs"));

async fn harness() -> Harness {
    Harness::builder(Direct::default())
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_answer_stands_before_what_it_brought_about() {
    let harness = harness().await;
    let mut scope = harness.scenario("an answer").open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", { ok: true });
    expect!(s, "answer", { ok: true });
    publish!(s, "ask", {});
    let result = settle!(s);
    result.assert_passed();
    let actions: Vec<_> = result.timeline().iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Ready, Published, Replied, Matched]);
}

/// What it hands over is stamped with the clock that triggers and windows go by.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_is_that_of_its_messages() {
    let harness = harness().await;
    let three_hours = Duration::from_secs(3 * 3_600);
    let mut scope = harness.scenario("answers").timeout(three_hours).open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", { n: 1 }, delay 1h);
    let slow = expect!(s, "answer", within 59min);
    publish!(s, "ask", {});
    let s = next_act!(s);
    // An hour has gone by, and no answer is older than its question.
    reply!(s, "again" => "soon", { n: 2 });
    let soon = expect!(s, "soon", within 1s);
    publish!(s, "again", {});
    let result = settle!(s);
    assert_eq!(result[slow].outcome(), Outcome::Slow);
    let latency = result[slow].latency().unwrap();
    assert_eq!(latency.as_secs(), 3_600, "{latency:?}");
    assert_eq!(result[soon].outcome(), Outcome::Pass);
}
