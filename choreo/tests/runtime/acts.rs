//! Scenarios of several acts.

use std::time::Duration;

use choreo::prelude::*;
use choreo::{ScenarioErrorKind, TimelineAction};

use crate::support::world;

#[tokio::test]
async fn what_came_in_one_act_makes_the_next_on_the_same_id() {
    let world = world().await;
    world
        .service("orders.create", "orders.created", json!({ "id": "ORD-42" }))
        .await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    let id = s.correlation_id().cloned();
    let created = expect!(s, "orders.created", { id: _ });
    reply!(s, "orders.pay" => "orders.paid", { wrong: true });
    publish!(s, "orders.create", {});
    let first = settle!(s);
    let order = first[created].message()["id"].clone();

    let s = next_act!(s);
    assert_eq!(s.correlation_id().cloned(), id);
    let paid = expect!(s, "orders.paid", { id: (&order), right: true }, since created);
    reply!(s, "orders.pay" => "orders.paid", |pay| json!({ "id": pay["id"], "right": true }));
    publish!(s, "orders.pay", { id: &order });

    let s = next_act!(s);
    let sent = expect!(s, "orders.sent", { id: (&order) });
    publish!(s, "orders.sent", { id: &order });

    let last = settle!(s);
    last.assert_passed();
    assert_eq!((first.act(), last.act()), (1, 3));
    assert_eq!(last[created].message()["id"], "ORD-42");
    assert_eq!(last[paid].message()["right"], true);
    assert_eq!(last[sent].outcome(), Outcome::Pass);
    assert!(last[paid].latency().is_some());
    assert!(first.previous().is_none());
    let second = last.previous().expect("there was one");
    assert_eq!((second.act(), second.replies().len()), (2, 1));
    assert_eq!(last.correlation_id(), id.as_ref());

    let actions: Vec<_> = last.timeline().iter().map(|entry| entry.action).collect();
    let acts = actions
        .iter()
        .filter(|action| **action == TimelineAction::NextAct)
        .count();
    assert_eq!(acts, 2, "{actions:?}");
    assert!(last.timeline().is_sorted_by_key(|entry| entry.offset));
    assert!(first.timeline().len() < last.timeline().len());
}

#[tokio::test]
async fn each_act_has_its_own_expectations_trigger_and_timeout() {
    let world = world().await;
    let mut scope = world.scope(60);
    let s = scope.arrange();
    expect!(s, "a");
    publish!(s, "a", {});
    let s = next_act!(s);
    // The first act took `a`: this one has not seen it.
    let again = expect!(s, "a", { act: 2 });
    expect!(s, "b");
    assert_eq!(world.harness.open_scenario_count(), 1);
    publish!(s, "b", {});
    assert!(s.elapsed() < Duration::from_secs(30));
    publish!(s, "a", { act: 2 });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[again].message()["act"], 2);
    drop(scope);
    assert_eq!(world.harness.open_scenario_count(), 0);
    assert_eq!(world.harness.registration_count(), 0);
}

#[tokio::test]
async fn a_failed_act_stays_failed_and_the_later_steps_do_nothing() {
    let world = world().await;
    let mut seen = world.broker.client().subscribe("pay").await.unwrap();
    let mut scope = world.scope(40);
    let s = scope.arrange();
    let created = expect!(s, "created", { id: > 0 });
    publish!(s, "created", { id: 0 });

    let s = next_act!(s);
    let paid = expect!(s, "paid");
    publish!(s, "pay", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[created].outcome(), Outcome::Fail);
    assert!(result[paid].try_message().is_none());
    assert!(result.error().is_none());

    let s = next_act!(s);
    let sent = expect!(s, "sent");
    begin!(s);
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[sent].outcome(), Outcome::Timeout);
    drop(scope);
    // What comes first is this one, so nothing went out before.
    world.broker.client().publish("pay", "last").await.unwrap();
    let first = seen.next().await.expect("the broker is there");
    assert_eq!(&first.payload[..], b"last");
}

#[tokio::test]
async fn what_goes_out_between_the_acts_belongs_to_neither() {
    let world = world().await;
    let mut scope = world.scope(40);
    let s = scope.arrange();
    let a = expect!(s, "a");
    publish!(s, "a", {});
    assert_eq!(settle!(s)[a].outcome(), Outcome::Pass);
    publish!(s, "b", {});
    let s = next_act!(s);
    let b = expect!(s, "b");
    publish!(s, "c", {});
    let result = settle!(s);
    assert_eq!(result[b].outcome(), Outcome::Timeout);
    assert!(result.timeline().is_sorted_by_key(|entry| entry.offset));
    let text = result.failure_text();
    assert!(
        text.contains("`c` went out, and nothing came back on `b`"),
        "{text}"
    );
}

#[tokio::test]
async fn an_error_ends_all_acts() {
    let world = world().await;
    let mut scope = world.scope(40);
    let s = scope.arrange();
    expect!(s, "created");
    publish!(s, "created.*", {});
    let s = next_act!(s);
    expect!(s, "paid");
    publish!(s, "paid", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(
        result.error().map(|error| error.kind),
        Some(ScenarioErrorKind::Publish)
    );
}

#[tokio::test]
async fn an_act_that_expects_nothing_or_is_never_triggered_is_an_error() {
    let world = world().await;
    for (expects, kind, text) in [
        (
            false,
            ScenarioErrorKind::NothingExpected,
            "nothing is expected in act 2",
        ),
        (
            true,
            ScenarioErrorKind::NotTriggered,
            "act 2 was never triggered",
        ),
    ] {
        let mut scope = world.scope(40);
        let s = scope.arrange();
        expect!(s, "a");
        publish!(s, "a", {});
        let early = s;
        let s = next_act!(s);
        if expects {
            expect!(s, "b");
        }
        let result = settle!(early);
        let error = result.error().expect("it ended as error");
        assert_eq!(error.kind, kind);
        assert!(error.text.contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_lost_connection_ends_a_later_act_too() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    expect!(s, "a");
    publish!(s, "a", {});
    let s = next_act!(s);
    expect!(s, "b");
    begin!(s);
    world.broker.break_connections("power cut");
    let result = settle!(s);
    assert_eq!(
        result.error().map(|error| error.kind),
        Some(ScenarioErrorKind::Lost)
    );
}

#[tokio::test]
#[should_panic(expected = "a later act of `test scenario` than act 1")]
async fn the_result_of_an_act_does_not_know_later_handles() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    expect!(s, "a");
    publish!(s, "a", {});
    let first = settle!(s);
    let s = next_act!(s);
    let later = expect!(s, "b");
    let _ = first[later].outcome();
}

#[tokio::test]
async fn acts_are_kept_apart_from_other_scenarios() {
    let world = world().await;
    let mut tasks = Vec::new();
    for number in 0..50 {
        let harness = world.harness.clone();
        tasks.push(tokio::spawn(async move {
            let mut scope = harness
                .scenario("one of many")
                .timeout(Duration::from_secs(20))
                .open();
            let mut next = scope.arrange();
            for act in 0..4 {
                let s = next;
                expect!(s, "echo", { number: (number), act: (act) });
                publish!(s, "echo", { number: number, act: act });
                let result = settle!(s);
                result.assert_passed();
                if act == 3 {
                    return result.act();
                }
                next = next_act!(s);
            }
            0
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), 4);
    }
    assert_eq!(world.harness.registration_count(), 0);
}

#[tokio::test]
async fn the_order_of_handles_spans_acts() {
    let world = world().await;
    for reversed in [false, true] {
        let mut scope = world.scope(2000);
        let s = scope.arrange();
        let created = expect!(s, "created", {}, times 2);
        publish!(s, "created", {});
        publish!(s, "created", {});
        let s = next_act!(s);
        let paid = expect!(s, "paid");
        if reversed {
            in_order!(s, paid, created);
        } else {
            in_order!(s, created, paid);
        }
        publish!(s, "paid", {});
        let result = settle!(s);
        if !reversed {
            result.assert_passed();
            continue;
        }
        assert_eq!(result.outcome(), Outcome::Fail);
        assert_eq!(result[paid].outcome(), Outcome::Pass);
        let text = result.failure_text();
        assert!(text.contains("order  fail: `created` (acts.rs:"), "{text}");
        assert!(text.contains("before `paid` (acts.rs:"), "{text}");
    }
}

#[tokio::test]
async fn a_violation_ends_all_acts_and_a_new_act_has_windows_of_its_own() {
    let world = world().await;
    let mut seen = world.broker.client().subscribe("pay").await.unwrap();
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    expect!(s, "created");
    let quiet = never!(s, "failed", _, for 5ms);
    publish!(s, "created", {});
    let s = next_act!(s);
    let paid = expect!(s, "paid", _, exactly_once, for 5ms);
    let refused = never!(s, "failed", _, for 2s, since paid);
    begin!(s);
    publish!(s, "paid", {});
    publish!(s, "failed", { code: 7 });
    let s = next_act!(s);
    expect!(s, "sent");
    publish!(s, "pay", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[quiet].outcome(), Outcome::Pass);
    assert_eq!(result[refused].outcome(), Outcome::Fail);
    drop(scope);
    world.broker.client().publish("pay", "last").await.unwrap();
    let first = seen.next().await.expect("the broker is there");
    assert_eq!(&first.payload[..], b"last");
}

#[tokio::test]
async fn no_window_begins_before_its_act() {
    let world = world().await;
    for forbids in [true, false] {
        let mut scope = world.scope(2000);
        let s = scope.arrange();
        let created = expect!(s, "created");
        publish!(s, "created", {});
        let s = next_act!(s);
        if forbids {
            never!(s, "failed", _, for 5ms, since created);
        } else {
            expect!(s, "retried", _, times 0..=2, for 5ms, since created);
        }
        begin!(s);
        let result = settle!(s);
        let error = result.error().expect("it ended as error");
        assert_eq!(error.kind, ScenarioErrorKind::Unsound);
        assert!(error.text.contains("a handle of an earlier act"), "{error}");
    }

    let mut scope = world.scope(2000);
    let s = scope.arrange();
    expect!(s, "created");
    let quiet = never!(s, "failed", _, for 5ms);
    publish!(s, "created", {});
    let s = next_act!(s);
    let paid = expect!(s, "paid");
    in_order!(s, quiet, paid);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert!(
        error.text.contains("`in_order!` names a `never!`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_required_reply_of_a_later_act_is_missed_there() {
    let world = world().await;
    let mut scope = world.scope(60);
    let s = scope.arrange();
    expect!(s, "created");
    publish!(s, "created", {});
    let s = next_act!(s);
    expect!(s, "paid");
    reply!(s, ["pay", "pay.again"] => "paid", {}, required);
    publish!(s, "paid", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(text.contains("deadline     pay"), "{text}");
    assert!(text.contains("a required reply is owed"), "{text}");
}
