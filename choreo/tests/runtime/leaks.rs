//! Whatever ends a scenario, and wherever: nothing is left.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use choreo::__private::{ReplyRule, decoded, reply, settle};
use choreo::matchers::anything;
use choreo::prelude::*;
use choreo::{Value, json};

use crate::support::{World, expect, publish, world};

async fn whole_scenario(world: &World) {
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    let builder = decoded::<Value>().compute_async(|trigger: Value| async move {
        tokio::task::yield_now().await;
        trigger
    });
    reply(
        &s,
        ReplyRule::on(file!(), line!(), "ask", None).answer("asked", builder),
    );
    expect(&s, "asked", anything());
    expect(&s, "out", anything());
    let s = publish(s, "ask", json!({})).await;
    let _ = publish(s, "out", json!({})).await;
    settle(&s).await.assert_passed();
}

/// Polls a future so many times at the most; `true` when it ended.
async fn poll_times<F: Future>(future: F, times: usize) -> bool {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(cx).map(|_| true)
    })
    .await
}

fn assert_nothing_left(harness: &Harness) {
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.open_scenario_count(), 0);
}

#[tokio::test]
async fn dropping_at_any_await_point_leaves_nothing() {
    for times in 0..200 {
        // A new world each time: its subscriptions are pending, so readiness is an await point too.
        let world = world().await;
        let ended = poll_times(whole_scenario(&world), times).await;
        assert_nothing_left(&world.harness);
        if ended {
            assert!(
                times >= 3,
                "readiness and settling are await points, so this ends too early"
            );
            return;
        }
    }
    panic!("the scenario never ended");
}

#[tokio::test]
async fn a_panic_leaves_nothing() {
    let world = std::sync::Arc::new(world().await);
    let in_task = std::sync::Arc::clone(&world);
    let task = tokio::spawn(async move {
        let mut scope = in_task.scope(1000);
        let s = scope.arrange();
        expect(&s, "out", anything());
        let _s = publish(s, "in", json!({})).await;
        panic!("by design");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_nothing_left(&world.harness);
}

#[tokio::test]
async fn unused_subscriptions_end() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(test_namespace())
        .linger(Duration::from_millis(1))
        .connect()
        .await
        .unwrap();
    for number in 0..20 {
        let mut scope = harness.scenario("s").open();
        let s = scope.arrange();
        let topic = format!("topic.{number}");
        expect(&s, &topic, anything());
        let s = publish(s, &topic, json!({})).await;
        settle(&s).await.assert_passed();
    }
    let gone = async {
        while harness.subscription_count() + broker.subscription_count().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn closing_the_harness_ends_its_scenarios_and_subscriptions() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "in", json!({})).await;
    world.harness.close().await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Error);
    assert!(result.failure_text().contains("the harness was closed"));
    drop(scope);
    assert_eq!(world.broker.subscription_count().await, 0);
}

#[tokio::test]
async fn dropping_the_harness_ends_its_tasks() {
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let world = world().await;
    whole_scenario(&world).await;
    drop(world);
    let gone = async {
        while tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
            > before
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
}
