//! What must not come.

use std::time::Duration;

use choreo::ScenarioErrorKind;
use choreo::prelude::*;

use super::support::world;

#[tokio::test]
async fn silence_passes_once_its_window_has_run() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let none = never!(s, "refunds", { id: 1 }, for 50ms);
    begin!(s);
    publish!(s, "refunds", { id: 2 });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[none].outcome(), Outcome::Pass);
    assert_eq!(
        (result[none].count(), result[none].near_miss_count()),
        (0, 0)
    );
    assert!(result[none].try_message().is_none());
    assert!(s.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_message_ends_the_scenario_at_once() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    let open = expect!(s, "silence");
    let none = never!(s, "refunds", { id: 1 }, for 60s);
    publish!(s, "refunds", { id: 1 });
    let result = tokio::time::timeout(Duration::from_secs(20), async { settle!(s) })
        .await
        .expect("it ends at once");
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[none].outcome(), Outcome::Fail);
    assert_eq!(&*result[none].offender().unwrap().topic, "refunds");
    assert!(result[open].try_message().is_none());
}

#[tokio::test]
async fn the_messages_of_others_do_not_count() {
    let world = world().await;
    let mut first = world.scope(2_000);
    let mut second = world.scope(2_000);
    let (s, other) = (first.arrange(), second.arrange());
    never!(s, "refunds", for 100ms);
    expect!(other, "refunds");
    begin!(s);
    publish!(other, "refunds", { id: 1 });
    settle!(other).assert_passed();
    settle!(s).assert_passed();
}

#[tokio::test]
async fn the_window_may_open_at_a_message() {
    let world = world().await;
    let run = async |before: bool, after: bool| {
        let mut scope = world.scope(2_000);
        let s = scope.arrange();
        let window = Duration::from_millis(if after { 20_000 } else { 50 });
        let rejected = expect!(s, "orders", { state: "rejected" });
        let none = never!(s, "orders", { state: _ }, for window, since rejected);
        begin!(s);
        if before {
            publish!(s, "orders", { state: "new" });
        }
        publish!(s, "orders", { state: "rejected" });
        if after {
            publish!(s, "orders", { state: "shipped" });
        }
        settle!(s)[none].outcome()
    };
    assert_eq!(run(true, false).await, Outcome::Pass);
    assert_eq!(run(true, true).await, Outcome::Fail);
}

#[tokio::test]
async fn a_window_that_does_not_open_says_nothing() {
    let world = world().await;
    let mut scope = world.scope(200);
    let s = scope.arrange();
    let rejected = expect!(s, "orders", { state: "rejected" });
    never!(s, "orders", for 20ms, since rejected);
    begin!(s);
    publish!(s, "orders", { state: "shipped" });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[rejected].outcome(), Outcome::Fail);
    assert!(result.failure_text().contains("undecided"), "{result}");
}

#[tokio::test]
async fn without_ids_it_must_be_allowed() {
    let harness = Harness::builder(Memory::new()).connect().await.unwrap();
    let mut scope = harness.scenario("without ids").open();
    let s = scope.arrange();
    never!(s, "refunds", for 10ms);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    insta::assert_snapshot!(error.text);

    let mut scope = harness.scenario("on its own").open();
    let s = scope.arrange();
    let none = never!(s, "refunds", { id: _ }, for 10ms, unrouted);
    begin!(s);
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[none].outcome(), Outcome::Pass);

    let mut scope = harness.scenario("an inbox is its scenario's own").open();
    let s = scope.arrange();
    never!(s, s.inbox(), for 10ms);
    begin!(s);
    settle!(s).assert_passed();
}

#[tokio::test]
async fn where_messages_without_an_id_reach_everybody_it_must_be_allowed() {
    let harness = Harness::builder(Memory::new())
        .correlation(FieldCorrelation::new("id"))
        .without_id(WithoutId::Broadcast)
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("anybody's").open();
    let s = scope.arrange();
    never!(s, "refunds", for 10ms);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    insta::assert_snapshot!(error.text);

    let mut scope = harness.scenario("on its own").open();
    let s = scope.arrange();
    never!(s, "refunds", for 10ms, unrouted);
    begin!(s);
    settle!(s).assert_passed();
}

#[tokio::test]
async fn silence_has_no_message_that_others_could_follow() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let none = never!(s, "refunds", for 10ms);
    expect!(s, "orders", since none);
    begin!(s);
    let error = settle!(s).error().unwrap().text.clone();
    assert!(error.starts_with("`since` names a `never!`"), "{error}");

    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let none = never!(s, "refunds", for 10ms);
    let order = expect!(s, "orders");
    in_order!(s, order, none);
    begin!(s);
    let error = settle!(s).error().unwrap().text.clone();
    assert!(error.contains("`in_order!` names a `never!`"), "{error}");
}

#[tokio::test]
async fn a_window_that_was_cut_short_is_no_pass() {
    let world = world().await;
    let mut scope = world.scope(50);
    let s = scope.arrange();
    reply!(s, "orders" => "answers", async |_| std::future::pending::<u32>().await, required);
    never!(s, "refunds", for 20s);
    publish!(s, "orders", { id: 1 });
    // The answer is owed, so the timeout ends the scenario.
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert!(
        result.failure_text().contains("refunds  undecided"),
        "{result}"
    );
}
