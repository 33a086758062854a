//! A stage's transports on their way out, and bridges that hang or give an id twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choreo::prelude::*;
use choreo::stage::{BridgeError, CorrelationBridge};
use choreo::{CorrelationId, ScenarioErrorKind};

use super::hangs::{builder, hanging};

#[derive(Stage)]
struct Pair {
    one: Harness,
    two: Harness,
}

/// Tells when it is dropped.
struct Told(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Drop for Told {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[derive(Stage)]
struct Three {
    first: Harness,
    second: Harness,
    third: Harness,
}

#[tokio::test]
async fn a_connect_that_was_given_up_is_rolled_back_in_reverse() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (transport, switches) = hanging();
    switches.connects.store(true, Ordering::Release);
    let kept = |name| Told(name, Arc::clone(&told));
    let connecting = Stage::<Three>::builder(ThreeBuilder {
        first: builder(Memory::new()).keep(kept("first")),
        second: builder(Memory::new()).keep(kept("second")),
        third: builder(transport),
    })
    .connect();
    let given_up = tokio::time::timeout(Duration::from_millis(50), connecting).await;
    assert!(given_up.is_err());
    assert_eq!(*told.lock().unwrap(), ["second", "first"]);
}

#[tokio::test]
async fn a_stage_lets_go_of_its_transports_in_reverse() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let connecting = |second: Memory| {
        let kept = |name| builder(Memory::new()).keep(Told(name, Arc::clone(&told)));
        Stage::<Three>::builder(ThreeBuilder {
            first: kept("first"),
            second: builder(second).keep(Told("second", Arc::clone(&told))),
            third: kept("third"),
        })
        .connect()
    };
    let down = Memory::new();
    down.break_connections("no route");
    let error = connecting(down).await.expect_err("one is down");
    let text = error.to_string();
    assert!(text.contains("transport `second`: "), "{text}");
    assert!(text.contains("no route"), "{text}");
    assert!(!text.contains("first") && !text.contains("third"), "{text}");
    // The one in the middle went when it could not connect.
    assert_eq!(*told.lock().unwrap(), ["second", "third", "first"]);

    told.lock().unwrap().clear();
    let stage = connecting(Memory::new()).await.unwrap();
    assert!(told.lock().unwrap().is_empty());
    stage.close().await;
    assert_eq!(*told.lock().unwrap(), ["third", "second", "first"]);
}

/// Once its stage is connected it gives every scenario the same id, or none ever.
struct Strange {
    hangs: bool,
    asked: AtomicUsize,
}

impl CorrelationBridge for Strange {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < 2 {
            return Ok(CorrelationId::random(""));
        }
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(CorrelationId::new("always-the-same"))
    }

    async fn to_wire(&self, id: &CorrelationId, _: &str) -> Result<String, BridgeError> {
        Ok(id.to_string())
    }
}

async fn strange(hangs: bool) -> Stage<Pair> {
    let bound = Duration::from_millis(30);
    let builders = PairBuilder {
        one: builder(Memory::new()).ready_timeout(bound),
        two: builder(Memory::new()).ready_timeout(bound),
    };
    let asked = AtomicUsize::new(0);
    let stage = Stage::<Pair>::builder(builders).bridge(Strange { hangs, asked });
    stage.connect().await.unwrap()
}

#[tokio::test]
async fn a_bridge_that_hangs_is_an_error() {
    let stage = strange(true).await;
    let error = stage.scenario("waits").open().await.expect_err("no id");
    assert!(
        error.to_string().contains("`fresh` did not answer within"),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_is_given_twice_ends_the_second_scenario() {
    let stage = strange(false).await;
    let first = stage.scenario("first").open().await.unwrap();
    let run = async |name: &'static str| {
        let mut scope = stage.scenario(name).open().await.unwrap();
        let s = scope.arrange();
        expect!(s.two, "orders");
        publish!(s.two, "orders", { id: 1 });
        settle!(s)
    };
    let result = run("second").await;
    let error = result.error().expect("it ended as error");
    assert_eq!(error.kind, ScenarioErrorKind::Correlation);
    assert!(
        error.text.contains("that another open scenario has"),
        "{error}"
    );
    drop(first);
    run("third").await.assert_passed();
}
