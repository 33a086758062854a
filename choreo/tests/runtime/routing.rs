//! Which scenario gets which message.

use std::sync::Arc;
use std::time::Duration;

use choreo::__private::{begin, settle};
use choreo::codec::{Bytes, Codec, JsonCodec, TextCodec};
use choreo::correlation::{Correlation, CorrelationError};
use choreo::matchers::{anything, eq, object};
use choreo::prelude::*;
use choreo::{
    CorrelationId, Draft, Envelope, ErrorKind, Headers, Incoming, ScenarioErrorKind, SurpriseClass,
    Value, json,
};

use crate::support::{expect, publish, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_scenarios_on_one_topic_each_get_their_own() {
    let world = Arc::new(world().await);
    world.service("in", "out", json!({})).await;
    let open = Arc::new(tokio::sync::Barrier::new(10_000));
    let tasks: Vec<_> = (0..10_000)
        .map(|number| {
            let (world, open) = (Arc::clone(&world), Arc::clone(&open));
            tokio::spawn(async move {
                let mut scope = world.scope(60_000);
                let s = scope.arrange();
                let handle = expect(&s, "out", object([("number", eq(number))]));
                open.wait().await;
                let s = publish(s, "in", json!({ "number": number })).await;
                let result = settle(&s).await;
                result.assert_passed();
                assert_eq!(
                    result[handle].near_miss_count(),
                    0,
                    "a foreign message came"
                );
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(world.harness.registration_count(), 0);
    assert_eq!(world.harness.open_scenario_count(), 0);
    assert_eq!(world.harness.subscription_count(), 1);
    assert_eq!(world.harness.surprises().0, []);
}

#[tokio::test]
async fn surprises_are_classified_and_hold_no_payload() {
    let world = world().await;
    let client = world.broker.client();
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    expect(
        &s,
        "out",
        eq(json!({ "correlation_id": s.correlation_id().unwrap().as_str() })),
    );
    let id = s.correlation_id().unwrap().clone();
    let s = begin(s).await;
    let own = json!({ "correlation_id": id.as_str() }).to_string();
    client.publish("out", r#"{"secret":1}"#).await.unwrap();
    client
        .publish("out", r#"{"correlation_id":"other"}"#)
        .await
        .unwrap();
    client.publish("out", own.clone()).await.unwrap();
    settle(&s).await.assert_passed();
    drop(scope);
    // The lingering subscription still sees what comes late.
    client.publish("out", own).await.unwrap();
    let mut probe = client.subscribe("probe").await.unwrap();
    client.publish("probe", "").await.unwrap();
    probe.next().await.unwrap();
    let classes: Vec<_> = world
        .harness
        .surprises()
        .0
        .into_iter()
        .map(|surprise| surprise.class)
        .collect();
    assert_eq!(
        classes,
        [
            SurpriseClass::WithoutId,
            SurpriseClass::UnknownId,
            SurpriseClass::Late
        ]
    );
}

#[tokio::test]
async fn the_id_of_a_scenario_that_listens_elsewhere_is_not_unknown() {
    let world = world().await;
    let client = world.broker.client();
    let mut elsewhere = world.scope(1000);
    let other = elsewhere.arrange();
    expect(&other, "other", eq(json!({})));
    let id = other.correlation_id().unwrap().as_str();
    let mut scope = world.scope(100);
    let s = scope.arrange();
    expect(&s, "out", eq(json!({})));
    let s = begin(s).await;
    let foreign = json!({ "correlation_id": id }).to_string();
    client.publish("out", foreign).await.unwrap();
    let result = settle(&s).await;
    assert_eq!(result.outcome(), Outcome::Timeout);
    let classes: Vec<_> = world.harness.surprises().0;
    let classes: Vec<_> = classes.iter().map(|surprise| surprise.class).collect();
    assert_eq!(classes, [SurpriseClass::Unclaimed]);
    let text = result.failure_text();
    assert!(text.contains("went to other scenarios"), "{text}");
    assert!(!text.contains("carried an id"), "{text}");
}

#[tokio::test]
async fn messages_without_id_can_be_broadcast_or_refused() {
    for (policy, outcome) in [
        (WithoutId::Broadcast, Outcome::Pass),
        (WithoutId::Fail, Outcome::Error),
    ] {
        let broker = Memory::new();
        let harness = Harness::builder(broker.clone())
            .correlation(FieldCorrelation::new("meta.id"))
            .without_id(policy)
            .connect()
            .await
            .unwrap();
        let mut scope = harness.scenario("s").timeout(Duration::from_secs(5)).open();
        let s = scope.arrange();
        expect(&s, "out", anything());
        let s = begin(s).await;
        broker
            .client()
            .publish("out", r#"{"meta":{}}"#)
            .await
            .unwrap();
        assert_eq!(settle(&s).await.outcome(), outcome, "{policy:?}");
    }
}

#[tokio::test]
async fn without_a_policy_messages_without_id_cannot_be_refused() {
    let connect = |without_id| {
        let builder = Harness::builder(Memory::new()).without_id(without_id);
        async { builder.connect().await }
    };
    for without_id in [WithoutId::Ignore, WithoutId::Fail] {
        let error = connect(without_id).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::WithoutPolicy(refused) if *refused == without_id),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(
            text.contains(".correlation(FieldCorrelation::new("),
            "{text}"
        );
    }
    assert!(!connect(WithoutId::Broadcast).await.unwrap().isolates());
}

/// Reads the id from a field, and panics on what it does not know.
struct Careless(FieldCorrelation);

impl Correlation for Careless {
    fn new_id(&self) -> Option<CorrelationId> {
        self.0.new_id()
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        self.0.stamp(draft, id)
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        Some(self.0.extract(message).expect("every message has an id"))
    }

    fn describe(&self) -> String {
        "the careless policy".to_owned()
    }
}

#[tokio::test]
async fn a_policy_that_panics_ends_the_scenarios_of_the_topic() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(Careless(FieldCorrelation::new("id")))
        .connect()
        .await
        .unwrap();
    let mut scopes = ["out", "elsewhere"].map(|name| harness.scenario(name).open());
    let [first, second] = &mut scopes;
    let (s, other) = (first.arrange(), second.arrange());
    expect!(s, "out");
    expect!(other, "elsewhere");
    begin!(s);
    begin!(other);
    broker.client().publish("out", "{}").await.unwrap();
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Correlation);
    assert_eq!(
        error.text,
        "the correlation policy (the careless policy) panicked on a message on `out`: every message has an id"
    );
    publish!(other, "elsewhere", {});
    settle!(other).assert_passed();
}

/// Lists of texts, as lines.
struct Lines;

impl Codec for Lines {
    fn name(&self) -> &str {
        "lines"
    }

    fn encode(&self, value: &Value, _: &Draft) -> Result<Bytes, String> {
        let lines = value.as_array().ok_or("lines are a list")?;
        let lines: Vec<_> = lines.iter().filter_map(Value::as_str).collect();
        Ok(lines.join("\n").into())
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        let text = std::str::from_utf8(&envelope.payload).expect("it is text");
        Ok(text.lines().collect())
    }
}

#[tokio::test]
async fn a_codec_of_ones_own_is_used_both_ways() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(HeaderCorrelation::new("id"))
        .codec(Lines)
        .timeout(Duration::from_millis(100))
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("lines").open();
    let s = scope.arrange();
    reply!(s, "ask" => "answer", |lines| json!([lines[1], "three"]));
    let asked = expect!(s, "ask", ["one", "two"]);
    expect!(s, "answer", ["two", "three"]);
    publish!(s, "ask", ["one", "two"]);
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[asked].envelope().unwrap().payload, "one\ntwo");

    let mut scope = harness.scenario("no lines").open();
    let s = scope.arrange();
    expect!(s, "ask", ["one"]);
    begin!(s);
    publish!(s, "ask", bytes b"\xff");
    let text = settle!(s).failure_text();
    assert!(
        text.contains("the lines codec panicked: it is text: "),
        "{text}"
    );

    let mut scope = harness.scenario("no list").open();
    let s = scope.arrange();
    expect!(s, "ask");
    publish!(s, "ask", { one: 1 });
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Publish);
    assert!(
        error.text.contains("cannot be encoded: lines are a list"),
        "{error}"
    );
}

/// JSON, but lines on topics of `lines.`, and text where a header says so.
struct ByTopicAndHeader;

impl ByTopicAndHeader {
    fn of(topic: &str, headers: &Headers) -> &'static dyn Codec {
        if topic.starts_with("lines.") {
            &Lines
        } else if headers.get("content-type") == Some("text/plain") {
            &TextCodec
        } else {
            &JsonCodec
        }
    }
}

impl Codec for ByTopicAndHeader {
    fn name(&self) -> &str {
        "by topic and header"
    }

    fn encode(&self, value: &Value, draft: &Draft) -> Result<Bytes, String> {
        Self::of(&draft.topic, &draft.headers).encode(value, draft)
    }

    fn decode(&self, envelope: &Envelope) -> Result<Value, String> {
        Self::of(&envelope.topic, &envelope.headers).decode(envelope)
    }
}

#[tokio::test]
async fn one_codec_speaks_the_format_of_each_topic_and_header() {
    let harness = Harness::builder(Memory::new())
        .correlation(HeaderCorrelation::new("id"))
        .codec(ByTopicAndHeader)
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("formats").open();
    let s = scope.arrange();
    reply!(s, "orders" => "lines.done", |order| json!([order["item"], "done"]));
    reply!(s, "lines.ask" => "notes", |lines| lines[1].clone(), headers { "content-type": "text/plain" });
    let handles = [
        expect!(s, "orders", { item: "pen" }),
        expect!(s, "lines.ask", ["a", "b"]),
        expect!(s, "lines.done", ["pen", "done"]),
        expect!(s, "notes", "b"),
        expect!(s, "notes", { note: 1 }),
    ];
    publish!(s, "orders", { item: "pen" });
    publish!(s, "lines.ask", ["a", "b"]);
    publish!(s, "notes", { note: 1 });
    let result = settle!(s);
    result.assert_passed();
    let payloads = handles.map(|handle| result[handle].envelope().unwrap().payload.clone());
    assert_eq!(
        payloads,
        [
            r#"{"item":"pen"}"#,
            "a\nb",
            "pen\ndone",
            "b",
            r#"{"note":1}"#
        ]
    );
}

#[tokio::test]
async fn headers_carry_ids_for_any_payload() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(HeaderCorrelation::new("x-correlation-id").prefix("TEST-"))
        .codec(TextCodec)
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("s").open();
    let s = scope.arrange();
    let handle = expect(&s, "out", eq("hello"));
    let s = publish(s, "out", json!("hello")).await;
    let result = settle(&s).await;
    result.assert_passed();
    let header = result[handle]
        .envelope()
        .unwrap()
        .headers
        .get("X-Correlation-ID")
        .unwrap();
    assert!(header.starts_with("TEST-"));
}

#[tokio::test]
async fn a_foreign_id_in_a_namespace_is_refused() {
    let broker = Memory::new();
    let harness = Harness::builder(broker)
        .correlation(test_namespace())
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("s").open();
    let s = scope.arrange();
    expect(&s, "out", anything());
    let s = publish(s, "out", json!({ "correlation_id": "prod-1" })).await;
    let text = settle(&s).await.failure_text();
    assert!(text.contains("does not start with `TEST-`"), "{text}");
    assert!(!text.contains("prod-1"), "{text}");
}

#[tokio::test]
async fn wildcards_keep_the_concrete_topic() {
    let world = world().await;
    let mut scope = world.scope(1000);
    let s = scope.arrange();
    let handle = expect(&s, "orders.>", anything());
    let s = publish(s, "orders.eu.created", json!({})).await;
    let result = settle(&s).await;
    assert_eq!(
        &*result[handle].envelope().unwrap().topic,
        "orders.eu.created"
    );
    assert_eq!(result[handle].topic(), "orders.>");
}
