//! A set of messages on one topic.

use choreo::prelude::*;

use super::support::world;

#[tokio::test]
async fn each_pattern_has_a_message_of_its_own() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let items = expect!(s, "items", unordered [
        { id: > 0 },
        { id: 1..=2 },
        { id: 1 },
    ], within 2s);
    begin!(s);
    // The first could satisfy each pattern, and has to move twice.
    for id in [1, 2, 0, 1, 3] {
        publish!(s, "items", { id: id });
    }
    let result = settle!(s);
    result.assert_passed();
    let ids: Vec<_> = result[items]
        .messages()
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(result[items].count(), 3);
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[2], 1);
    assert_eq!(result[items].outcome(), Outcome::Pass);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let world = world().await;
    let mut scope = world.scope(200);
    let s = scope.arrange();
    let items = expect!(s, "items", unordered [{ id: 1 }, { id: 1 }, { id: 2 }]);
    begin!(s);
    for id in [1, 3] {
        publish!(s, "items", { id: id });
    }
    let result = settle!(s);
    assert_eq!(result[items].outcome(), Outcome::Fail);
    assert_eq!(
        (result[items].count(), result[items].messages().len()),
        (1, 1)
    );
    assert_eq!(result[items].near_miss_count(), 1);
    let text = result.failure_text();
    assert!(text.contains("missing  { id: 1"), "{text}");
    assert!(text.contains("missing  { id: 2"), "{text}");
}

#[tokio::test]
async fn headers_are_asked_of_every_message() {
    let world = world().await;
    let mut scope = world.scope(200);
    let s = scope.arrange();
    let items = expect!(s, "items", unordered [{ id: 1 }, { id: 2 }], headers { source: "shop" });
    begin!(s);
    publish!(s, "items", { id: 1 }, headers { source: "shop" });
    publish!(s, "items", { id: 2 }, headers { source: "test" });
    let result = settle!(s);
    assert_eq!(result[items].count(), 1);
    assert_eq!(
        result[items].envelopes()[0].headers.get("source"),
        Some("shop")
    );
}
