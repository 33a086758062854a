//! Several transports.

use std::sync::atomic::{AtomicUsize, Ordering};

use choreo::__private::{BodyEnd, BoxFuture, HostFn, body_end, connect_stage_with};
use choreo::prelude::*;
use choreo::stage::{BridgeError, CorrelationBridge};
use choreo::{CorrelationId, Stage as ConnectedStage, StageBuilder};
use choreo_report::model::{HandleOutcome, Outcome};

use crate::support::{Told, broker, run_on};

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

type Connecting = BoxFuture<'static, choreo::Result<ConnectedStage<Gateway>>>;

/// Connected on this test's runtime.
fn gateway() -> &'static HostFn<ConnectedStage<Gateway>> {
    connected(|| connect_stage_with(builder().connect()))
}

fn connected(connect: fn() -> Connecting) -> &'static HostFn<ConnectedStage<Gateway>> {
    let host = HostFn::new("gateway", "record", file!(), line!(), connect);
    Box::leak(Box::new(host))
}

fn builder() -> StageBuilder<Gateway> {
    ConnectedStage::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("correlation_id")),
        kafka: Harness::builder(broker()).correlation(FieldCorrelation::new("id")),
    })
}

fn body(s: Scenario<'_, Gateway>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        reply!(s.kafka, "orders.new" => s.nats, "orders.done", { done: true });
        expect!(s.nats, "orders.done", { done: true });
        expect!(s.kafka, "orders.lost.*");
        publish!(s.kafka, "orders.new", { count: 1 });
        let foreign = json!({ "id": "somebody-else" }).to_string();
        broker()
            .client()
            .publish("orders.lost.here", foreign)
            .await
            .expect("the broker takes it");
        let _ = s;
        body_end(())
    })
}

#[tokio::test]
async fn events_messages_and_handles_have_their_transport() {
    let told = run_on(gateway(), body).await;
    let mut edges = told.edges();
    // It comes when it likes.
    let skipped = edges
        .iter()
        .position(|edge| edge == "correlation_skipped orders.lost.here");
    let skipped = skipped.expect("the foreign message is told of");
    edges.remove(skipped);
    assert_eq!(
        edges,
        [
            "ready",
            "published orders.new m1 <- ready",
            "received orders.new m2 <- published orders.new m1",
            "replied orders.new m3 <- received orders.new m2",
            "received orders.done m4 <- replied orders.new m3",
            "matched orders.done m4 <- received orders.done m4",
            "deadline orders.lost.* <- published orders.new m1",
        ]
    );
    let mut events = told.json["timeline"].as_array().unwrap().clone();
    let skipped = events.remove(skipped);
    assert_eq!(
        skipped["detail"],
        CorrelationId::new("somebody-else").hashed()
    );
    assert_eq!(skipped["transport"], "kafka");
    let transports: Vec<_> = events
        .iter()
        .map(|event| event["transport"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        transports,
        ["-", "kafka", "kafka", "kafka", "nats", "nats", "kafka"]
    );
    let stage = told.record.stage.as_ref().unwrap();
    assert_eq!(stage.bridge_class, "IdentityBridge");
    assert_eq!(stage.transports, ["kafka", "nats"]);
    assert!(stage.correlation_ids["nats"].starts_with("sha256:"));
    assert_eq!(told.message("m3")["transport"], "nats");
    assert_eq!(told.json["handles"][1]["transport"], "kafka");
    assert_eq!(told.json["transports"][0]["name"], "nats");
    let causes = told.causes();
    assert!(
        causes[0].starts_with(
            "routing: `orders.new` on kafka went out, and nothing of this scenario came back on `orders.lost.*` on kafka"
        ),
        "{causes:?}"
    );
}

#[tokio::test]
async fn a_topic_of_another_transport_is_the_guess_unless_the_test_sent_there() {
    fn body(s: Scenario<'_, Gateway>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s.kafka, ["orders", "orders.done"] => "orders.seen", {});
            expect!(s.nats, "orders");
            expect!(s.nats, "orders.done");
            publish!(s.kafka, "orders", {});
            let sent = broker().client().publish("orders.done", "{}").await;
            sent.expect("the broker takes it");
            let _ = s;
            body_end(())
        })
    }
    let told = run_on(gateway(), body).await;
    let own = "routing: `orders` on kafka went out, and nothing came back on `orders` on nats within <time>";
    let other = "routing: `orders` on kafka went out, and nothing came back on `orders.done` on nats within <time>: \
                 some came on `orders.done` of kafka";
    assert_eq!(told.causes(), [own, own, other]);
}

/// What is there of a scenario whose body broke in its second act, after the trigger.
fn assert_partial(told: &Told) {
    assert!(!told.record.completed_normally);
    assert_eq!(told.record.verdict, Some(Outcome::Fail));
    let handles = told.record.handles.iter();
    let shown: Vec<_> = handles
        .map(|handle| (handle.transport.as_deref(), handle.outcome))
        .collect();
    assert_eq!(
        shown,
        [
            (Some("nats"), HandleOutcome::Pass),
            (Some("kafka"), HandleOutcome::Pending)
        ]
    );
    let events = told.json["timeline"].as_array().unwrap();
    let transports: Vec<_> = events
        .iter()
        .map(|event| event["transport"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        transports,
        [
            "-", "kafka", "kafka", "kafka", "nats", "nats", "-", "-", "kafka"
        ]
    );
    assert_eq!(
        told.edges(),
        [
            "ready",
            "published orders.new m1 <- ready",
            "received orders.new m2 <- published orders.new m1",
            "replied orders.new m3 <- received orders.new m2",
            "received orders.done m4 <- replied orders.new m3",
            "matched orders.done m4 <- received orders.done m4",
            "next_act",
            "ready",
            "published orders.cancel m5 <- ready",
        ]
    );
    let stage = told.record.stage.as_ref().unwrap();
    assert_eq!(stage.transports, ["kafka", "nats"]);
}

/// An act over both transports, and the trigger of the next.
async fn two_acts(s: Scenario<'_, Gateway>) {
    reply!(s.kafka, "orders.new" => s.nats, "orders.done", { done: true });
    expect!(s.nats, "orders.done", { done: true });
    publish!(s.kafka, "orders.new", { count: 1 });
    let s = next_act!(s);
    expect!(s.kafka, "orders.cancelled");
    publish!(s.kafka, "orders.cancel", {});
    let _ = s;
}

#[tokio::test]
async fn a_body_that_panics_leaves_what_there_was() {
    fn body(s: Scenario<'_, Gateway>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            two_acts(s).await;
            panic!("a slip in the test");
        })
    }
    let told = run_on(gateway(), body).await;
    assert_partial(&told);
    let text = told.record.body_error.as_deref().unwrap();
    assert!(text.contains("a slip in the test"), "{text}");
}

#[tokio::test]
async fn a_body_that_gives_an_error_leaves_what_there_was() {
    fn body(s: Scenario<'_, Gateway>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            two_acts(s).await;
            body_end(Err::<(), _>("no such order"))
        })
    }
    let told = run_on(gateway(), body).await;
    assert_partial(&told);
    let text = told.record.body_error.as_deref().unwrap();
    assert!(text.contains("no such order"), "{text}");
}

/// Gives numbers, which are short. The stage tries the first two.
#[derive(Default)]
struct Numbers(AtomicUsize);

impl CorrelationBridge for Numbers {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(CorrelationId::new(format!("no-{number}")))
    }

    async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
        Ok(match transport {
            "kafka" => format!("{id}/k"),
            _ => id.to_string(),
        })
    }
}

#[tokio::test]
async fn short_ids_are_hidden_where_they_are_a_whole_string() {
    fn body(s: Scenario<'_, Gateway>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s.kafka, "orders.new" => s.nats, "orders.done", { note: "see no-2, too" });
            expect!(s.nats, "orders.done", { correlation_id: "another" });
            publish!(s.kafka, "orders.new", {}, headers { trace: "no-2/k" });
            let _ = s;
            body_end(())
        })
    }
    let host = connected(|| connect_stage_with(builder().bridge(Numbers::default()).connect()));
    let told = run_on(host, body).await;
    let hash = CorrelationId::new("no-2").hashed();
    let on_kafka = CorrelationId::new("no-2/k").hashed();
    let order = told.message("m1");
    assert_eq!(order["payload"], json!({ "id": on_kafka }));
    assert_eq!(order["headers"], json!({ "trace": on_kafka }));
    assert_eq!(
        told.message("m4")["payload"],
        json!({ "correlation_id": hash, "note": "see no-2, too" })
    );
    let actual = &told.json["handles"][0]["near_misses"][0]["differences"][0]["actual"];
    assert_eq!(*actual, hash);
    let text = told.failure_text.as_deref().unwrap();
    assert!(text.contains(&format!(r#"got "{hash}""#)), "{text}");
    assert!(
        text.contains(&format!(r#""correlation_id":"{hash}""#)),
        "{text}"
    );
    for shown in [text, &told.json.to_string()] {
        assert!(!shown.contains(r#""no-2"#), "{shown}");
    }
}
