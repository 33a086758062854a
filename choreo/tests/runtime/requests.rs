//! Requests: the scenario's inbox, and answers to whoever asked.

use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::Outgoing;
use choreo::{ReplyState, ScenarioErrorKind, SurpriseClass, Value};

use crate::support::{World, world};

#[derive(Serialize, Deserialize, Message)]
#[message(topic = "prices.get")]
struct PriceQuestion {
    item: String,
}

#[derive(Serialize, Deserialize, Message)]
#[message(topic = "prices")]
struct Price {
    price: u32,
}

/// A service that answers whoever asks, with nothing but the answer.
async fn prices(world: &World) {
    let client = world.broker.client();
    let mut questions = client.subscribe("prices.get").await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let asker = question.reply_to.expect("every question is a request");
            client.publish(asker, r#"{"price":7}"#).await.unwrap();
        }
    });
}

/// Waits until the broker holds so many subscriptions.
async fn subscriptions(broker: &Memory, wanted: usize) {
    let reached = async {
        while broker.subscription_count().await != wanted {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached)
        .await
        .expect("the subscriptions go");
}

#[tokio::test]
async fn an_answer_comes_to_the_inbox_without_an_id() {
    let world = world().await;
    prices(&world).await;
    {
        let mut scope = world.scope(5_000);
        let s = scope.arrange();
        assert_eq!(s.inbox(), s.inbox());
        let price = expect!(s, s.inbox(), { price: > 0 }, within 5s);
        request!(s, "prices.get", { item: "X" }, headers { a: "1" });
        let result = settle!(s);
        result.assert_passed();
        assert_eq!(result[price].message()["price"], 7);
        assert!(result[price].latency().is_some());
    }
    // Only the service's own is left.
    subscriptions(&world.broker, 1).await;
    assert_eq!(world.harness.surprises().0.len(), 0);
}

#[tokio::test]
async fn typed_questions_and_further_ones() {
    let world = world().await;
    prices(&world).await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    expect!(s, s.inbox(), Price { price: 7 });
    begin!(s);
    request!(s, PriceQuestion { item: "X".into() });
    settle!(s).assert_passed();
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_an_error() {
    let world = world().await;
    for asks_for_inbox in [false, true] {
        let mut scope = world.scope(60_000);
        let s = scope.arrange();
        if asks_for_inbox {
            let _inbox = s.inbox();
        }
        expect!(s, "orders");
        request!(s, "prices.get", {});
        let result = settle!(s);
        let error = result.error().unwrap();
        assert_eq!(error.kind, ScenarioErrorKind::NothingExpected);
        assert_eq!(
            error.text,
            "nobody waits for the answer to the request on `prices.get`: write `expect!(s, s.inbox(), \
             { … })` before it, or `publish!` when there is no answer"
        );
    }
}

#[tokio::test]
async fn a_reply_answers_whoever_asked() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    reply!(s, "prices.get" => _, |question| json!({ "price": 7, "of": question["item"] }));
    reply!(s, PriceQuestion { item: "Y" } => _, |_| Price { price: 8 });
    reply!(s, "stock.get" => _, { level: 3 });
    expect!(s, s.inbox(), { price: 7, of: "Y" });
    expect!(s, s.inbox(), { price: 8 });
    expect!(s, s.inbox(), { level: 3 });
    begin!(s);
    request!(s, "prices.get", { item: "Y" });
    request!(s, "stock.get", {});
    let result = settle!(s);
    result.assert_passed();
    for reply in result.replies() {
        assert_eq!(
            (&reply.state, &*reply.answer_topic),
            (&ReplyState::Replied, "_")
        );
    }
}

#[tokio::test]
async fn a_system_under_test_gets_its_answer_with_the_id_of_its_request() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    reply!(s, "prices.get" => _, |_| json!({ "price": 7 }));
    let id = s.correlation_id().unwrap().to_string();
    begin!(s);
    let client = world.broker.client();
    let mut answers = client.subscribe("answers.of.the.service").await.unwrap();
    let mut question = Outgoing::new("prices.get", json!({ "correlation_id": id }).to_string());
    question.reply_to = Some("answers.of.the.service".into());
    question.metadata.set("correlation_id", "q-1");
    client.send(question).await.unwrap();
    settle!(s).assert_passed();
    let answer = answers.next().await.unwrap();
    assert_eq!(answer.metadata.get("correlation_id"), Some(&json!("q-1")));
    let payload: Value = choreo::serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(payload["price"], 7);

    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    reply!(s, "prices.get" => _, |_| json!({ "price": 7 }));
    let id = s.correlation_id().unwrap().to_string();
    begin!(s);
    let question = json!({ "correlation_id": id }).to_string();
    let answer = tokio::time::timeout(
        Duration::from_secs(5),
        client.request("prices.get", question),
    )
    .await
    .unwrap()
    .unwrap();
    assert!(answer.payload.starts_with(b"{"));
    settle!(s).assert_passed();
}

#[tokio::test]
async fn a_trigger_without_a_reply_address_fails_the_reply() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    reply!(s, "prices.get" => _, |_| json!({}));
    publish!(s, "prices.get", {});
    let result = settle!(s);
    let error = result.error().unwrap();
    assert_eq!(error.kind, ScenarioErrorKind::Reply);
    assert_eq!(
        error.text,
        "the reply to `prices.get` to whoever asked failed: the message names no address for its \
         answer, so it was not sent as a request; send it with `request!`, or write the topic of the \
         answer instead of `_`"
    );
}

#[tokio::test]
async fn what_comes_late_or_with_anothers_id_is_logged() {
    let world = world().await;
    let client = world.broker.client();
    let inbox = {
        let mut scope = world.scope(5_000);
        let s = scope.arrange();
        let inbox = s.inbox().to_owned();
        expect!(s, s.inbox(), { price: 1 });
        begin!(s);
        client
            .publish(&*inbox, r#"{"price":1,"correlation_id":"anothers"}"#)
            .await
            .unwrap();
        settle!(s).assert_passed();
        inbox
    };
    client.publish(inbox, r#"{"price":2}"#).await.unwrap();
    let classes = || -> Vec<_> {
        let (surprises, _) = world.harness.surprises();
        surprises.iter().map(|surprise| surprise.class).collect()
    };
    let logged = async {
        while classes().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), logged)
        .await
        .expect("both are logged");
    assert_eq!(classes(), [SurpriseClass::UnknownId, SurpriseClass::Late]);
}

#[tokio::test]
async fn what_a_broker_says_in_the_place_of_an_answer_is_shown() {
    let world = world().await;
    let client = world.broker.client();
    let mut scope = world.scope(50);
    let s = scope.arrange();
    let inbox = s.inbox();
    let price = expect!(s, inbox, { price: > 0 });
    let refused = expect!(s, inbox, metadata { status: 503 });
    begin!(s);
    let mut nobody = Outgoing::new(inbox, "");
    nobody.metadata.set("status", 503);
    client.send(nobody).await.unwrap();
    let result = settle!(s);
    assert_eq!(result[price].outcome(), Outcome::Fail);
    assert_eq!(result[refused].outcome(), Outcome::Pass);
    let text = result.failure_text();
    let said = "
      payload  empty
      metadata  status: 503
      the broker sent it, as nobody listens for the request
";
    assert!(text.contains(said), "{text}");
}

#[tokio::test]
async fn scenarios_have_inboxes_of_their_own() {
    let world = world().await;
    prices(&world).await;
    let mut scopes: Vec<_> = (0..20).map(|_| world.scope(5_000)).collect();
    let mut results = Vec::new();
    for scope in &mut scopes {
        let s = scope.arrange();
        expect!(s, s.inbox(), { price: 7 });
        request!(s, "prices.get", {});
        results.push(settle!(s));
    }
    for result in results {
        result.assert_passed();
    }
    drop(scopes);
    subscriptions(&world.broker, 1).await;
}
