//! A topic that was misspelt: what a failure text knows of it, though nobody listens there.

use std::time::Duration;

use choreo::prelude::*;

use crate::hangs::{builder, hanging};
use crate::support::world;

/// What a scenario says that sends to one topic while another stays silent.
async fn text_of(
    harness: &Harness,
    arrange: fn(&Scenario<'_>),
    sent: &str,
    silent: &str,
) -> String {
    let timeout = Duration::from_millis(30);
    let mut scope = harness.scenario("test").timeout(timeout).open();
    let s = scope.arrange();
    expect!(s, silent);
    arrange(&s);
    publish!(s, sent, {});
    settle!(s).failure_text()
}

fn nothing(_: &Scenario<'_>) {}

#[track_caller]
fn assert_told(text: &str, line: &str) {
    assert!(text.contains(line), "{line}\n{text}");
    assert!(!text.contains("was the service ready?"), "{text}");
}

#[track_caller]
fn assert_untold(text: &str) {
    assert!(!text.contains("is it meant to be"), "{text}");
}

#[tokio::test]
async fn a_message_that_reached_nobody_is_told() {
    let world = world().await;
    let text_of = async |sent, silent| text_of(&world.harness, nothing, sent, silent).await;
    let line = "a message on `orders.placd` reached nobody: is it meant to be `orders.placed`?";
    assert_told(&text_of("orders.placd", "orders.placed").await, line);
    // The slip of a service.
    world.service("shop.new", "shop.procesed", json!({})).await;
    let line = "a message on `shop.procesed` reached nobody: is it meant to be `shop.processed`?";
    assert_told(&text_of("shop.new", "shop.processed").await, line);
    // None was sent since.
    assert_untold(&text_of("in", "orders.placed").await);
}

#[tokio::test]
async fn a_topic_that_somebody_reads_is_no_slip() {
    let world = world().await;
    let text_of = async |sent, silent| text_of(&world.harness, nothing, sent, silent).await;
    let _reader = world.broker.client().subscribe("orders.*").await.unwrap();
    assert_untold(&text_of("orders.place", "orders.placed").await);
    // Nor is one with a name of its own.
    assert_untold(&text_of("ask", "asked").await);
    assert_untold(&text_of("accounts.placed", "orders.placed").await);
}

#[tokio::test]
async fn what_a_test_sent_is_told_where_the_broker_does_not_tell() {
    // It says nothing of topics that nobody reads.
    let harness = builder(hanging().0).connect().await.unwrap();
    let text_of = async |arrange, sent| text_of(&harness, arrange, sent, "orders.placed").await;
    let line = "this test sent to `orders.placd` and does not listen there: if no service does either, is it \
                meant to be `orders.placed`?";
    assert_told(&text_of(nothing, "orders.placd").await, line);
    let answers = |s: &Scenario<'_>| reply!(s, "ask" => "orders.placd", {});
    assert_told(&text_of(answers, "ask").await, line);
    // What it listens for reached somebody, and so may what a pattern covers.
    let listens = |s: &Scenario<'_>| {
        expect!(s, "orders.placd");
    };
    assert_untold(&text_of(listens, "orders.placd").await);
    let listens = |s: &Scenario<'_>| {
        expect!(s, "orders.*");
    };
    assert_untold(&text_of(listens, "orders.placd").await);
}
