//! A broker that hands a message over before its publisher goes on: what a fast one may do, it always does.

use choreo::TimelineAction::{Matched, Published, Ready, Replied};
use choreo::prelude::*;

include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/direct.rs"));

#[tokio::test]
async fn an_answer_stands_before_what_it_brought_about() {
    let harness = Harness::builder(Direct::default())
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
        .unwrap();
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
