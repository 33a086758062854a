//! The test as a service.

use std::time::Duration;

use choreo::__private::{self as steps, ReplyRule, decoded, reply, reply_static, settle};
use choreo::codec::{Bytes, Codec, JsonCodec};
use choreo::correlation::{Correlation, CorrelationError};
use choreo::matchers::{anything, eq, object};
use choreo::prelude::*;
use choreo::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, Envelope, MemoryConnection,
    MemorySubscriptionGuard, Outgoing, Transport, TransportError,
};
use choreo::{CorrelationId, Draft, Incoming, ReplyState, ScenarioErrorKind, Value, json};

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
        let result = settle(&s).await;
        assert_eq!(result.outcome(), expected);
        if panics {
            let ReplyState::Failed(error) = &result.replies()[0].state else {
                panic!("{:?}", result.replies()[0]);
            };
            let place = "panic at choreo/tests/runtime/replies.rs:";
            assert!(error.starts_with(place), "{error}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_the_scenarios_id_is_told() {
    let world = world().await;
    let foreign = json!({ "correlation_id": "another's" });
    let came = [
        "came without a correlation id",
        "carried an id that no scenario",
    ];
    for (answer, came) in [json!(7), foreign].into_iter().zip(came) {
        let mut scope = world.scope(30);
        let s = scope.arrange();
        reply!(s, "price.get" => "price", answer);
        expect!(s, "price");
        publish!(s, "price.get", {});
        let result = settle!(s);
        assert_eq!(result.outcome(), Outcome::Timeout);
        assert_eq!(result.replies()[0].unstamped_count, 1);
        let text = result.failure_text();
        for part in [
            "the reply on `price` went out without this scenario's correlation id (field `correlation_id`)",
            "replied 1 time, 1 without the correlation id",
            "on `price`, without the correlation id",
            came,
            "a reply of this test answered here without its id",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("does the service"), "{text}");
    }
}

#[tokio::test]
async fn who_asks_gets_an_answer_without_an_id() {
    let world = world().await;
    let mut scope = world.scope(2000);
    let s = scope.arrange();
    reply!(s, "price.get" => _, 7);
    expect!(s, s.inbox(), 7);
    request!(s, "price.get", {});
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result.replies()[0].unstamped_count, 0);
}

/// A policy, a codec or a transport of the user's own, whose answers panic.
#[derive(Clone, Copy, PartialEq)]
enum Panics {
    Stamp,
    Encode,
    Publish,
}

struct Panicking {
    at: Panics,
    policy: FieldCorrelation,
    broker: Memory,
}

impl Panicking {
    fn new(at: Panics) -> Self {
        Self {
            at,
            policy: FieldCorrelation::new("correlation_id"),
            broker: Memory::new(),
        }
    }

    fn on(&self, at: Panics, topic: &str) {
        assert!(self.at != at || topic != "answer", "by design");
    }
}

impl Correlation for Panicking {
    fn new_id(&self) -> Option<CorrelationId> {
        self.policy.new_id()
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        self.on(Panics::Stamp, &draft.topic);
        self.policy.stamp(draft, id)
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        self.policy.extract(message)
    }

    fn describe(&self) -> String {
        self.policy.describe()
    }
}

impl Codec for Panicking {
    fn name(&self) -> &str {
        "own"
    }

    fn encode(&self, value: &Value, draft: &Draft) -> Result<Bytes, String> {
        self.on(Panics::Encode, &draft.topic);
        JsonCodec.encode(value, draft)
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        JsonCodec.decode(envelope)
    }
}

impl Transport for Panicking {
    type Connection = PanickingConnection;

    fn name(&self) -> &str {
        "Panicking"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.broker.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        self.broker.capabilities()
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<Self::Connection, TransportError> {
        let inner = self.broker.connect(events).await?;
        Ok(PanickingConnection {
            inner,
            switch: Panicking::new(self.at),
        })
    }
}

struct PanickingConnection {
    inner: MemoryConnection,
    switch: Panicking,
}

impl Connection for PanickingConnection {
    type Subscription = MemorySubscriptionGuard;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<Self::Subscription, TransportError> {
        self.inner.subscribe(topic, delivery).await
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        self.switch.on(Panics::Publish, &message.topic);
        self.inner.publish(message).await
    }

    async fn ping(&self) -> Result<(), TransportError> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[tokio::test]
async fn a_panic_while_an_answer_is_sent_ends_the_scenario() {
    for at in [Panics::Stamp, Panics::Encode, Panics::Publish] {
        let harness = Harness::builder(Panicking::new(at))
            .correlation(Panicking::new(at))
            .codec(Panicking::new(at))
            .timeout(Duration::from_secs(60))
            .connect()
            .await
            .unwrap();
        let mut scope = harness.scenario("panics").open();
        let s = scope.arrange();
        reply!(s, "ask" => "answer", {});
        // Nothing else is waited for.
        expect!(s, "ask");
        publish!(s, "ask", {});
        let result = tokio::time::timeout(Duration::from_secs(10), async { settle!(s) });
        let result = result.await.unwrap();
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Reply);
        assert!(matches!(&result.replies()[0].state, ReplyState::Failed(_)));
        let text = result.failure_text();
        assert!(text.contains("sending its answer panicked at"), "{text}");
        assert!(text.contains("replies.rs:"), "{text}");
        assert!(!text.contains("by design"), "{text}");
    }
}
