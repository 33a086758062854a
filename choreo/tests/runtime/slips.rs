//! A topic that was misspelt: what a failure text knows of it, though nobody listens there.

use std::time::Duration;

use choreo::prelude::*;

use crate::hangs::{builder, hanging, hanging_on};
use crate::support::{World, world};

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

/// A service's answer on a misspelt topic, on a broker that says nothing of topics that nobody reads.
async fn watched(topic: &str) -> (Harness, World) {
    let broker = Memory::new();
    let client = broker.client();
    let harness = builder(hanging_on(broker.clone()))
        .watch(topic)
        .connect()
        .await
        .unwrap();
    // Not the scenario's own.
    let mut input = client.subscribe("shop.new").await.unwrap();
    let other = broker.client();
    tokio::spawn(async move {
        while input.next().await.is_some() {
            let foreign = r#"{"correlation_id":"of-another-run"}"#;
            other.publish("shop.processd", foreign).await.unwrap();
        }
    });
    let world = World {
        broker,
        harness: harness.clone(),
    };
    world.service("shop.new", "shop.procesed", json!({})).await;
    (harness, world)
}

#[tokio::test]
async fn what_came_for_the_scenario_on_a_watched_topic_is_told() {
    for topic in ["shop.*", "shop.procesed"] {
        let (harness, _world) = watched(topic).await;
        let text = text_of(&harness, nothing, "shop.new", "shop.processed").await;
        let line = "a message of this scenario came on `shop.procesed`, where it does not listen: is it meant to be \
                    `shop.processed`?";
        assert_told(&text, line);
        assert_told(
            &text,
            "meanwhile messages came on `shop.procesed` (1, a similar name)\n",
        );
        assert!(!text.contains("`shop.processd`"), "another's: {text}");
        assert_eq!(harness.surprises().0, []);
        // Its own subscription stays, and is the only one that lingers here.
        assert_eq!(harness.registration_count(), 0);

        let text = text_of(&harness, nothing, "elsewhere", "shop.processed").await;
        assert_untold(&text);
    }
}

#[tokio::test]
async fn who_listens_on_a_watched_topic_hears_what_comes() {
    let (harness, _world) = watched("shop.*").await;
    let mut scope = harness.scenario("test").open();
    let s = scope.arrange();
    // The order and its answer, each once.
    expect!(s, "shop.*", times 2);
    expect!(s, "shop.procesed", exactly_once);
    publish!(s, "shop.new", {});
    settle!(s).assert_passed();
    // Who listens by a pattern hears all that there is.
    let listens = |s: &Scenario<'_>| {
        expect!(s, "shop.*");
    };
    let text = text_of(&harness, listens, "shop.new", "shop.processed").await;
    assert_untold(&text);
}

#[tokio::test]
async fn without_ids_everything_on_a_watched_topic_may_be_the_scenarios() {
    let broker = Memory::new();
    let harness = Harness::builder(hanging_on(broker.clone()))
        .watch("shop.*")
        .connect()
        .await
        .unwrap();
    let world = World {
        broker,
        harness: harness.clone(),
    };
    world.service("shop.new", "shop.procesed", json!({})).await;
    let text = text_of(&harness, nothing, "shop.new", "shop.processed").await;
    assert_told(&text, "came on `shop.procesed`, where it does not listen");
}

#[tokio::test]
async fn a_topic_that_cannot_be_watched_fails_the_connect() {
    let broker = Memory::new();
    let builder = Harness::builder(broker.clone()).watch("orders").watch("");
    let error = builder.connect().await.expect_err("no topic").to_string();
    assert!(error.starts_with("cannot subscribe to ``"), "{error}");
    assert_eq!(broker.subscription_count().await, 0);
}
