//! The test as a service.

use choreo::__private::{self as steps, ReplyRule, decoded, reply, reply_static, settle};
use choreo::matchers::{anything, eq, object};
use choreo::prelude::*;
use choreo::{ReplyState, ScenarioErrorKind, Value, json};

use crate::support::{expect, publish, world};

fn rule(from: &str, to: &str) -> ReplyRule {
    let builder = decoded::<Value>().compute(|mut trigger: Value| {
        trigger["answered"] = json!(true);
        trigger
    });
    ReplyRule::on(file!(), line!(), from, None).answer(to, builder)
}

#[tokio::test]
async fn a_chain_of_replies_answers_and_reports() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    for hop in 0..6 {
        reply(&s, rule(&format!("hop.{hop}"), &format!("hop.{}", hop + 1)));
    }
    expect(&s, "hop.6", object([("answered", eq(true))]));
    let s = publish(s, "hop.0", json!({})).await;
    let result = settle(&s).await;
    result.assert_passed();
    assert!(
        result
            .replies()
            .iter()
            .all(|reply| reply.state == ReplyState::Replied)
    );
}

#[tokio::test]
async fn it_answers_once_unless_told_otherwise() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    reply(&s, rule("ask", "answer").times(2));
    reply(&s, rule("other", "answer"));
    let s = publish(s, "ask", json!({})).await;
    for topic in ["ask", "ask", "other", "other"] {
        let _ = publish(s, topic, json!({})).await;
    }
    let result = settle(&s).await;
    result.assert_passed();
    assert_eq!(result.replies()[0].reply_count, 2);
    assert_eq!(result.replies()[1].reply_count, 1);
}

#[tokio::test]
async fn one_trigger_may_have_several_answers() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    reply!(s, "order" => "stock.level", { level: 3 });
    reply!(s, "order" => "price", { cents: 120 });
    reply!(s, "order", { item: "lamp" } => "price", { cents: 99 });
    expect!(s, "stock.level", { level: 3 });
    expect!(s, "price", unordered [{ cents: 120 }, { cents: 99 }]);
    publish!(s, "order", { item: "lamp" });
    let result = settle!(s);
    result.assert_passed();
    for reply in result.replies() {
        assert_eq!(reply.reply_count, 1);
    }
}

#[tokio::test]
async fn only_replies_are_waited_for_and_a_silent_trigger_is_timeout() {
    let world = world().await;
    let mut scope = world.scope(40);
    let s = scope.arrange();
    reply(&s, rule("ask", "answer"));
    let s = publish(s, "elsewhere", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert_eq!(result.replies()[0].state, ReplyState::ArmedNoMatch);
    assert!(result.failure_text().contains("armed, and no trigger came"));
}

#[tokio::test]
async fn a_refused_trigger_shows_its_near_miss() {
    let world = world().await;
    let mut scope = world.scope(40);
    let s = scope.arrange();
    let pattern = steps::erase(object([("kind", eq("a"))]));
    let builder = reply_static(steps::value_body(Ok(json!({}))));
    reply(
        &s,
        ReplyRule::on(file!(), line!(), "ask", Some(pattern)).answer("answer", builder),
    );
    expect(&s, "answer", anything());
    let s = publish(s, "ask", json!({ "kind": "b" })).await;
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert_eq!(result.replies()[0].state, ReplyState::ArmedMismatched);
    let text = result.failure_text();
    assert!(text.contains(r#"kind  expected "a"  got "b""#), "{text}");
}

#[tokio::test]
async fn a_failing_builder_is_error_with_the_types_name_only() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    let builder = decoded::<Value>().compute(|_: Value| "secret-text".parse::<u32>());
    reply(
        &s,
        ReplyRule::on(file!(), line!(), "ask", None).answer("answer", builder),
    );
    expect(&s, "answer", anything());
    let s = publish(s, "ask", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Reply);
    let text = result.failure_text();
    assert!(text.contains("ParseIntError"), "{text}");
    assert!(!text.contains("invalid digit"), "{text}");
}

#[tokio::test]
async fn an_async_builder_may_wait_and_may_panic() {
    let world = world().await;
    for panics in [false, true] {
        let mut scope = world.scope(60_000);
        let s = scope.arrange();
        let builder = steps::decoded::<Value>().compute_async(move |trigger: Value| async move {
            tokio::task::yield_now().await;
            assert!(!panics, "by design");
            trigger
        });
        reply(
            &s,
            ReplyRule::on(file!(), line!(), "ask", None).answer("answer", builder),
        );
        expect(&s, "answer", anything());
        let s = publish(s, "ask", json!({})).await;
        let expected = if panics {
            Outcome::Error
        } else {
            Outcome::Pass
        };
        assert_eq!(settle(&s).await.outcome(), expected);
    }
}
