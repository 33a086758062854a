//! Scenarios over several transports.

use std::sync::Mutex;
use std::time::Duration;

use choreo::codec::{Bytes, Codec, JsonCodec, TextCodec};
use choreo::prelude::*;
use choreo::stage::{BridgeError, CorrelationBridge};
use choreo::transport::{Headers, Memory, MemoryClient};
use choreo::{CorrelationId, Draft, Envelope, ErrorKind, Outcome, ScenarioErrorKind};

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

fn builders(nats: &Memory, kafka: &Memory) -> GatewayBuilder {
    GatewayBuilder {
        nats: Harness::builder(nats.clone()).correlation(FieldCorrelation::new("correlation_id")),
        kafka: Harness::builder(kafka.clone())
            .correlation(HeaderCorrelation::new("x-correlation-id")),
    }
}

/// A service that takes orders from one broker and answers on the other, with the id handed on.
async fn adapter(from: MemoryClient, to: MemoryClient) {
    let mut orders = from.subscribe("orders.new").await.expect("a valid topic");
    while let Some(order) = orders.next().await {
        let value: choreo::Value =
            choreo::serde_json::from_slice(&order.payload).expect("it is JSON");
        let mut headers = Headers::new();
        let id = value["correlation_id"].as_str().unwrap_or_default();
        headers.append("x-correlation-id", id);
        let answer = json!({ "count": value["count"] }).to_string();
        to.publish_with("orders.done", answer, headers)
            .await
            .expect("the broker takes it");
    }
}

#[tokio::test]
async fn a_message_crosses_two_transports_with_the_id_in_field_and_header() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let service = tokio::spawn(adapter(nats.client(), kafka.client()));
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage.scenario("crossing").open().await.expect("it opens");
    let s = scope.arrange();
    let done = expect!(s.kafka, "orders.done", { count: 3 }, within 500ms);
    publish!(s.nats, "orders.new", { count: 3 });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(*result[done].message(), json!({ "count": 3 }));
    assert_eq!(
        result.correlation_id_on("nats"),
        result.correlation_id_on("kafka")
    );
    let transports: Vec<_> = result
        .timeline()
        .iter()
        .map(|entry| entry.transport.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(transports, ["-", "nats", "kafka"]);
    service.abort();
    stage.close().await;
}

#[tokio::test]
async fn a_reply_answers_on_another_transport() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage.scenario("reply").open().await.expect("it opens");
    let s = scope.arrange();
    reply!(s.kafka, "orders.new" => s.nats, "orders.processed", |order| json!({ "forwarded": order["payload"] }));
    let processed = expect!(s.nats, "orders.processed", { forwarded: 42 });
    publish!(s.kafka, "orders.new", { payload: 42 });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[processed].outcome(), Outcome::Pass);
    let reply = &result.replies()[0];
    assert_eq!(
        (
            reply.trigger_transport.as_deref(),
            reply.answer_transport.as_deref()
        ),
        (Some("kafka"), Some("nats"))
    );
}

/// A stage whose transports have the id in the same field, each in a form of its own.
async fn mapped() -> Stage<Gateway> {
    let ids = || FieldCorrelation::new("id");
    Stage::<Gateway>::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(ids()),
        kafka: Harness::builder(Memory::new()).correlation(ids().prefix("gw:")),
    })
    .bridge(
        MappedBridge::new()
            .map("nats", |id| format!("n-{id}"))
            .map("kafka", |id| format!("gw:{id}")),
    )
    .connect()
    .await
    .expect("memory connects")
}

#[tokio::test]
async fn a_reply_that_hands_on_its_trigger_translates_the_id() {
    let stage = mapped().await;
    let mut scope = stage.scenario("echo").open().await.expect("it opens");
    let s = scope.arrange();
    reply!(s.nats, "orders.new" => s.kafka, "orders.taken", |order| order);
    reply!(s.kafka, "orders.taken" => s.nats, "orders.done", |order| json!({ "order": order, "id": order["id"] }));
    let taken = expect!(s.kafka, "orders.taken", { count: 3 });
    let done = expect!(s.nats, "orders.done", { order: { count: 3 } });
    publish!(s.nats, "orders.new", { count: 3 });
    let result = settle!(s);
    result.assert_passed();
    for (message, transport) in [
        (result[taken].message(), "kafka"),
        (result[done].message(), "nats"),
        (&result[done].message()["order"], "nats"),
    ] {
        let id = result.correlation_id_on(transport).expect("it has one");
        assert_eq!(message["id"], id.as_str());
    }
    assert!(result.replies().iter().all(|it| it.unstamped_count == 0));
}

#[tokio::test]
async fn a_reply_with_an_id_of_its_own_is_not_blamed_on_the_service() {
    let stage = mapped().await;
    let scenario = stage.scenario("own id").timeout(Duration::from_millis(30));
    let mut scope = scenario.open().await.expect("it opens");
    let s = scope.arrange();
    reply!(s.kafka, "orders.taken" => s.nats, "orders.done", { id: "another's" });
    expect!(s.nats, "orders.done");
    publish!(s.kafka, "orders.taken", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert_eq!(result.replies()[0].unstamped_count, 1);
    let text = result.failure_text();
    for part in [
        "the reply on `orders.done` on nats went out without this scenario's correlation id (field `id`)",
        "(field `id`): a reply of this test answered here without its id",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn budgets_near_misses_and_null_are_as_on_one_transport() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let scenario = stage.scenario("parity").timeout(Duration::from_millis(50));
    let mut scope = scenario.open().await.expect("it opens");
    let s = scope.arrange();
    let late = expect!(s.nats, "orders.new", { count: 3 }, within 1ns);
    let tombstone = expect!(s.kafka, "orders.gone", null);
    let wrong = expect!(s.kafka, "orders.done", { order: { count: > 3 } });
    begin!(s);
    publish!(s.nats, "orders.new", { count: 3 });
    publish!(s.kafka, "orders.gone", null);
    publish!(s.kafka, "orders.done", { order: { count: 3 } });
    let result = settle!(s);
    assert_eq!(result[late].outcome(), Outcome::Slow);
    assert_eq!(result[tombstone].outcome(), Outcome::Pass);
    assert_eq!(result[wrong].outcome(), Outcome::Fail);
    let leaf = &result[wrong].near_misses()[0].mismatch().children[0].children[0];
    assert_eq!(leaf.path.to_string(), "order.count");
    let text = result.failure_text();
    for part in [
        "orders.new on nats  slow",
        "order.count  expected > 3  got 3",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn silence_names_the_hop_and_its_transports() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage
        .scenario("silence")
        .timeout(Duration::from_millis(50))
        .open()
        .await
        .expect("it opens");
    let s = scope.arrange();
    expect!(s.kafka, "orders.done", { count: 3 });
    expect!(s.nats, "orders.new", { count: 4 });
    publish!(s.nats, "orders.new", { count: 3 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    let text = result.failure_text();
    assert!(
        text.contains(
            "`orders.new` on nats went out, and nothing came back on `orders.done` on kafka"
        ),
        "{text}"
    );
    assert!(
        text.contains("over nats (Memory) and kafka (Memory)"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lost_transport_ends_the_scenario_and_is_named() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage.scenario("loss").open().await.expect("it opens");
    let s = scope.arrange();
    expect!(s.nats, "orders.done", { count: 3 });
    publish!(s.nats, "orders.new", { count: 3 });
    kafka.break_connections("power cut");
    let result = settle!(s);
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Lost);
    assert!(
        error.text.contains("kafka (Memory) was lost: power cut"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failed_connect_names_every_missing_transport() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    nats.break_connections("no route");
    kafka.break_connections("no such host");
    let error = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect_err("both are down");
    let text = error.to_string();
    for part in ["`nats`", "no route", "`kafka`", "no such host"] {
        assert!(text.contains(part), "{text}");
    }
}

/// Forgets the id on one transport.
struct Forgetful;

impl CorrelationBridge for Forgetful {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        Ok(CorrelationId::random(""))
    }

    async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
        Ok(match transport {
            "kafka" => "always-the-same".to_owned(),
            _ => id.to_string(),
        })
    }
}

#[tokio::test]
async fn bridges_are_checked_when_the_stage_connects() {
    let refused = async |bridge: &str| {
        let (nats, kafka) = (Memory::new(), Memory::new());
        let builder = Stage::<Gateway>::builder(builders(&nats, &kafka));
        let builder = match bridge {
            "forgetful" => builder.bridge(Forgetful),
            "missing" => builder.bridge(MappedBridge::new().map("nats", str::to_owned)),
            "unknown" => builder.bridge(
                MappedBridge::new()
                    .map("nats", str::to_owned)
                    .map("kafka", str::to_owned)
                    .map("redis", str::to_owned),
            ),
            "twice" => builder.bridge(
                MappedBridge::new()
                    .map("nats", |id| format!("n-{id}"))
                    .map("kafka", str::to_owned)
                    .map("nats", str::to_owned),
            ),
            _ => {
                let length = if bridge == "long" { 1025 } else { 0 };
                builder.bridge(
                    MappedBridge::new()
                        .map("nats", str::to_owned)
                        .map("kafka", move |_| "x".repeat(length)),
                )
            }
        };
        let error = builder.connect().await.expect_err("the bridge is wrong");
        assert!(matches!(error.kind(), ErrorKind::Bridge(_)), "{error}");
        error.to_string()
    };
    assert!(
        refused("forgetful")
            .await
            .contains("the same id on `kafka`")
    );
    assert!(refused("missing").await.contains("no rule for `kafka`"));
    let unknown = refused("unknown").await;
    assert!(
        unknown.contains("a rule for `redis`, which the stage has not"),
        "{unknown}"
    );
    let twice = refused("twice").await;
    assert!(
        twice.contains("more than one rule for `nats`: keep one"),
        "{twice}"
    );
    assert!(refused("empty").await.contains("empty text"));
    let long = refused("long").await;
    assert!(
        long.contains("has 1025 bytes, and 1024 is the limit"),
        "{long}"
    );
}

/// Hands out numbers, and knows those only: the gateway is told of each before the scenario begins.
#[derive(Default)]
struct Registry(Mutex<Vec<CorrelationId>>);

impl CorrelationBridge for Registry {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        tokio::task::yield_now().await;
        let mut known = self.0.lock().expect("nobody panics");
        let id = CorrelationId::new(format!("order-{}", known.len()));
        known.push(id.clone());
        Ok(id)
    }

    async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
        tokio::task::yield_now().await;
        if !self.0.lock().expect("nobody panics").contains(id) {
            return Err(BridgeError::new("nobody was given this number"));
        }
        Ok(format!("{transport}/{id}"))
    }
}

#[tokio::test]
async fn a_bridge_of_ones_own_knows_the_ids_that_it_gave() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .bridge(Registry::default())
        .connect()
        .await
        .expect("the bridge is sound");
    let mut scopes = Vec::new();
    for name in ["first", "second"] {
        scopes.push(stage.scenario(name).open().await.expect("it opens"));
    }
    for scope in &mut scopes {
        let s = scope.arrange();
        reply!(s.kafka, "orders.new" => s.nats, "orders.done", { ok: true });
        expect!(s.nats, "orders.done", { ok: true }, exactly_once, for 10ms);
        publish!(s.kafka, "orders.new", {});
        let result = settle!(s);
        result.assert_passed();
        let id = result.correlation_id().expect("it has one").to_string();
        let wire = result.correlation_id_on("kafka").map(ToString::to_string);
        assert_eq!(wire, Some(format!("kafka/{id}")));
    }
}

#[tokio::test]
async fn each_transport_has_its_own_codec() {
    let stage = Stage::<Gateway>::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("id")),
        kafka: Harness::builder(Memory::new())
            .correlation(HeaderCorrelation::new("id"))
            .codec(TextCodec),
    })
    .connect()
    .await
    .expect("memory connects");
    let mut scope = stage.scenario("codecs").open().await.expect("it opens");
    let s = scope.arrange();
    reply!(s.nats, "orders.new" => s.kafka, "orders.note", |order| order["note"].clone());
    let order = expect!(s.nats, "orders.new", { note: "two lamps" });
    let note = expect!(s.kafka, "orders.note", "two lamps");
    publish!(s.nats, "orders.new", { note: "two lamps" });
    let result = settle!(s);
    result.assert_passed();
    let payload = |handle| result[handle].envelope().expect("it came").payload.clone();
    assert_eq!(payload(note), "two lamps");
    assert!(payload(order).starts_with(b"{"));
}

/// JSON behind a byte that JSON cannot begin with, as registries of schemas have it.
struct Framed;

impl Codec for Framed {
    fn name(&self) -> &str {
        "framed JSON"
    }

    fn encode(&self, value: &choreo::Value, draft: &Draft) -> Result<Bytes, String> {
        let json = JsonCodec.encode(value, draft)?;
        Ok([b"\0".as_slice(), &json[..]].concat().into())
    }

    fn decode(&self, envelope: &Envelope) -> Result<choreo::Value, String> {
        let json = envelope.payload.strip_prefix(b"\0").ok_or("no frame")?;
        choreo::serde_json::from_slice(json).map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn ids_are_stamped_and_read_in_the_codec_of_their_transport() {
    let id = || FieldCorrelation::new("id");
    let stage = Stage::<Gateway>::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(id()),
        kafka: Harness::builder(Memory::new())
            .correlation(id())
            .codec(Framed),
    })
    .connect()
    .await
    .expect("memory connects");
    let mut scope = stage.scenario("framed").open().await.expect("it opens");
    let s = scope.arrange();
    reply!(s.kafka, "orders.new" => s.nats, "orders.done", |order| json!({ "count": order["count"] }));
    let new = expect!(s.kafka, "orders.new", { count: 3 });
    let done = expect!(s.nats, "orders.done", { count: 3 });
    publish!(s.kafka, "orders.new", { count: 3 });
    let result = settle!(s);
    result.assert_passed();
    let id = result.correlation_id().expect("it has one").as_str();
    for (handle, frame) in [(new, "\0"), (done, "")] {
        let envelope = result[handle].envelope().expect("it came");
        let json = envelope.payload.strip_prefix(frame.as_bytes());
        let sent: choreo::Value =
            choreo::serde_json::from_slice(json.expect("it has its frame")).expect("it is JSON");
        assert_eq!(sent, json!({ "count": 3, "id": id }));
    }
}

#[tokio::test]
async fn absence_on_a_transport_without_ids_must_be_allowed() {
    let stage = Stage::<Gateway>::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("id")),
        kafka: Harness::builder(Memory::new()),
    })
    .connect()
    .await
    .expect("memory connects");
    let mut scope = stage.scenario("refused").open().await.expect("it opens");
    let s = scope.arrange();
    never!(s.kafka, "refunds", for 10ms);
    begin!(s);
    let result = settle!(s);
    let error = result.error().expect("it is refused");
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    let text = "messages of kafka (Memory) carry no correlation id here";
    assert!(error.text.contains(text), "{error}");

    let mut scope = stage.scenario("allowed").open().await.expect("it opens");
    let s = scope.arrange();
    never!(s.kafka, "refunds", for 10ms, unrouted);
    never!(s.nats, "refunds", for 10ms);
    begin!(s);
    settle!(s).assert_passed();
}

#[tokio::test]
async fn a_mapped_bridge_gives_each_transport_its_form() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let mut seen = kafka
        .client()
        .subscribe("audit")
        .await
        .expect("a valid topic");
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .bridge(
            MappedBridge::new()
                .map("nats", |id| format!("n-{id}"))
                .map("kafka", |id| format!("k-{id}")),
        )
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage.scenario("mapped").open().await.expect("it opens");
    let s = scope.arrange();
    expect!(s.kafka, "audit", { ok: true });
    publish!(s.kafka, "audit", { ok: true });
    let result = settle!(s);
    result.assert_passed();
    let message = seen.next().await.expect("the broker is there");
    let id = message
        .headers
        .get("x-correlation-id")
        .expect("it is stamped");
    assert_eq!(
        Some(id),
        result.correlation_id_on("kafka").map(CorrelationId::as_str)
    );
    assert_eq!(
        id.strip_prefix("k-"),
        result.correlation_id().map(CorrelationId::as_str)
    );
}

#[tokio::test]
async fn acts_go_on_over_both_transports() {
    let (nats, kafka) = (Memory::new(), Memory::new());
    let service = tokio::spawn(adapter(nats.client(), kafka.client()));
    let stage = Stage::<Gateway>::builder(builders(&nats, &kafka))
        .connect()
        .await
        .expect("memory connects");
    let mut scope = stage.scenario("acts").open().await.expect("it opens");
    let s = scope.arrange();
    let done = expect!(s.kafka, "orders.done", { count: capture count: u32 & approx 3 +- 1 });
    publish!(s.nats, "orders.new", { count: 3 });
    let result = settle!(s);
    assert_eq!(result[done].captured::<u32>("count"), 3);
    let s = next_act!(s);
    reply!(s.kafka, "orders.pay" => s.nats, "orders.paid", { ok: true });
    let paid = expect!(s.nats, "orders.paid", { ok: true }, since done);
    publish!(s.kafka, "orders.pay", {});
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[done].message()["count"], 3);
    assert_eq!(result[paid].message()["ok"], true);

    let s = next_act!(s);
    kafka.break_connections("power cut");
    expect!(s.nats, "orders.sent");
    begin!(s);
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    let text = result.failure_text();
    for part in [
        "act 3",
        "orders.paid on nats",
        "kafka (Memory) was lost: power cut",
    ] {
        assert!(text.contains(part), "{text}");
    }
    service.abort();
}
