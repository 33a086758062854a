//! Ids that are nested, that may be in several places, or that the system makes up.

use std::collections::HashMap;
use std::sync::Mutex;

use choreo::correlation::{Correlation, CorrelationError, HeaderCorrelation};
use choreo::prelude::*;
use choreo::transport::Headers;
use choreo::{CorrelationId, Draft, Incoming, ScenarioErrorKind};

async fn harness(broker: &Memory, correlation: impl Correlation) -> Harness {
    let builder = Harness::builder(broker.clone()).correlation(correlation);
    builder.connect().await.unwrap()
}

#[tokio::test]
async fn a_nested_field_carries_the_id() {
    let harness = harness(&Memory::new(), FieldCorrelation::new("meta.trace.id")).await;
    let mut scope = harness.scenario("nested").open();
    let s = scope.arrange();
    let id = s.correlation_id().cloned().unwrap();
    let own =
        expect!(s, "orders", { count: 1, meta: { trace: { id: (id.as_str()) }, version: 2 } });
    publish!(s, "orders", { count: 1, meta: { version: 2 } });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[own].near_miss_count(), 0);
}

/// A header, and where it is missing one of two fields.
struct Somewhere(HeaderCorrelation, [FieldCorrelation; 2]);

impl Correlation for Somewhere {
    fn new_id(&self) -> Option<CorrelationId> {
        self.0.new_id()
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        self.0.stamp(draft, id)
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        let fields = self.1.iter().find_map(|field| field.extract(message));
        self.0.extract(message).or(fields)
    }

    fn describe(&self) -> String {
        "a header or a field".to_owned()
    }
}

#[tokio::test]
async fn several_places_may_carry_the_id() {
    let broker = Memory::new();
    let fields = ["trace_id", "parent.id"].map(FieldCorrelation::new);
    let harness = harness(&broker, Somewhere(HeaderCorrelation::new("x-id"), fields)).await;
    let mut scope = harness.scenario("several places").open();
    let s = scope.arrange();
    let id = s.correlation_id().unwrap().as_str().to_owned();
    expect!(s, "out", unordered [{ from: "header" }, { from: "field" }, { from: "parent" }]);
    begin!(s);
    let client = broker.client();
    let mut headers = Headers::new();
    headers.append("x-id", &*id);
    let other = json!({ "from": "header", "trace_id": "another's" }).to_string();
    client.publish_with("out", other, headers).await.unwrap();
    for payload in [
        json!({ "from": "field", "trace_id": id }),
        json!({ "from": "parent", "parent": { "id": id } }),
    ] {
        client.publish("out", payload.to_string()).await.unwrap();
    }
    settle!(s).assert_passed();
}

#[derive(Stage)]
struct Shared {
    ours: Harness,
    theirs: Harness,
}

/// Whoever filters on the prefix must never see an id without it.
#[tokio::test]
async fn the_id_of_a_bridge_has_the_prefix_or_does_not_go_out() {
    let theirs = Memory::new();
    let mut seen = theirs.client().subscribe("orders").await.unwrap();
    for (field, rule) in [(true, ""), (false, ""), (true, "TEST-")] {
        let builder = Harness::builder(theirs.clone());
        let header = HeaderCorrelation::new("x-id").prefix("TEST-");
        let stage = Stage::<Shared>::builder(SharedBuilder {
            ours: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("id")),
            theirs: if field {
                builder.correlation(test_namespace())
            } else {
                builder.correlation(header)
            },
        })
        .bridge(
            MappedBridge::new()
                .map("ours", str::to_owned)
                .map("theirs", move |id| format!("{rule}{id}")),
        )
        .connect()
        .await
        .unwrap();
        let mut scope = stage.scenario("prefix").open().await.unwrap();
        let s = scope.arrange();
        expect!(s.theirs, "orders", { round: (rule) });
        publish!(s.theirs, "orders", { round: rule });
        let result = settle!(s);
        match result.error() {
            None => assert_eq!((rule, result.outcome()), ("TEST-", Outcome::Pass)),
            Some(error) => {
                assert_eq!((rule, error.kind), ("", ScenarioErrorKind::Correlation));
                let text = &error.text;
                assert!(text.contains("does not start with `TEST-`"), "{text}");
            }
        }
    }
    let first = seen.next().await.unwrap();
    assert!(first.payload.windows(5).any(|part| part == b"TEST-"));
}

/// The system answers with a number of its own, once beside our id and then alone: the policy learns it.
struct Learning {
    ours: FieldCorrelation,
    learnt: Mutex<HashMap<String, CorrelationId>>,
}

impl Correlation for Learning {
    fn new_id(&self) -> Option<CorrelationId> {
        self.ours.new_id()
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        self.ours.stamp(draft, id)
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        let order = message.decoded().ok()?["order"].as_str()?.to_owned();
        let mut learnt = self.learnt.lock().unwrap();
        match self.ours.extract(message) {
            Some(id) => {
                learnt.insert(order, id.clone());
                Some(id)
            }
            None => learnt.get(&order).cloned(),
        }
    }

    fn describe(&self) -> String {
        "the order's number".to_owned()
    }
}

#[tokio::test]
async fn an_id_that_the_system_makes_up_is_learnt() {
    let broker = Memory::new();
    let learning = Learning {
        ours: FieldCorrelation::new("request"),
        learnt: Mutex::default(),
    };
    let harness = harness(&broker, learning).await;
    let client = broker.client();
    let mut requests = client.subscribe("orders.place").await.unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        while let Some(request) = requests.next().await {
            number += 1;
            let asked: choreo::Value = choreo::serde_json::from_slice(&request.payload).unwrap();
            let order = format!("ORD-{number}");
            let accepted = json!({ "order": order, "request": asked["request"] });
            let shipped = json!({ "order": order, "item": asked["item"] });
            for (topic, message) in [("orders.accepted", accepted), ("orders.shipped", shipped)] {
                client.publish(topic, message.to_string()).await.unwrap();
            }
        }
    });

    let mut scopes = [(); 2].map(|()| harness.scenario("learnt").open());
    let [first, second] = &mut scopes;
    let (s, other) = (first.arrange(), second.arrange());
    for (s, item) in [(&s, "lamp"), (&other, "desk")] {
        expect!(s, "orders.accepted", { order: prefix "ORD-" });
        expect!(s, "orders.shipped", { item: (item) }, exactly_once);
    }
    publish!(s, "orders.place", { order: "none yet", item: "lamp" });
    publish!(other, "orders.place", { order: "none yet", item: "desk" });
    for result in [settle!(s), settle!(other)] {
        result.assert_passed();
    }
}
