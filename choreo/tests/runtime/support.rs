//! A harness on a broker of its own, and the steps by their functions.

use std::time::Duration;

use choreo::__private as steps;
use choreo::correlation::FieldCorrelation;
use choreo::matcher::Pattern;
use choreo::prelude::*;
use choreo::{Arranging, Scope, Triggered, Value};

pub(crate) struct World {
    pub(crate) broker: Memory,
    pub(crate) harness: Harness,
}

pub(crate) async fn world() -> World {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
        .unwrap();
    World { broker, harness }
}

impl World {
    pub(crate) fn scope(&self, timeout_ms: u64) -> Scope {
        self.harness
            .scenario("test scenario")
            .timeout(Duration::from_millis(timeout_ms))
            .open()
    }

    /// A service that answers every message on `from` with the fields of `change` on `to`.
    pub(crate) async fn service(&self, from: &str, to: &'static str, change: Value) {
        let client = self.broker.client();
        let mut input = client.subscribe(from).await.unwrap();
        tokio::spawn(async move {
            while let Some(message) = input.next().await {
                let mut value: Value = choreo::serde_json::from_slice(&message.payload).unwrap();
                for (key, field) in change.as_object().unwrap() {
                    if field.is_null() {
                        value.as_object_mut().unwrap().remove(key);
                    } else {
                        value[key] = field.clone();
                    }
                }
                client.publish(to, value.to_string()).await.unwrap();
            }
        });
    }
}

pub(crate) fn expect(
    s: &Scenario<'_, Harness, Arranging>,
    topic: &str,
    pattern: Pattern,
) -> Handle<Value> {
    steps::expect(
        s,
        topic,
        pattern,
        steps::ExpectOptions::at(file!(), line!()),
    )
}

pub(crate) fn expect_within(
    s: &Scenario<'_, Harness, Arranging>,
    topic: &str,
    pattern: Pattern,
    budget: Duration,
) -> Handle<Value> {
    let options = steps::ExpectOptions::at(file!(), line!()).within(budget);
    steps::expect(s, topic, pattern, options)
}

pub(crate) async fn publish<'s, P: steps::CanTrigger>(
    s: Scenario<'s, Harness, P>,
    topic: &str,
    payload: Value,
) -> Scenario<'s, Harness, Triggered> {
    let body = steps::value_body(Ok(payload));
    steps::publish(s, steps::PublishDraft::new(topic, body)).await
}
