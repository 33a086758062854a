//! An id with a form of its own on each transport of a stage: in a field on one, in a header on the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::stage::{BridgeError, CorrelationBridge};
use choreo::transport::Headers;
use choreo::{CorrelationId, Outcome, ScenarioResult, Value};
use choreo_test_brokers::{BrokerTests, NatsServer, TestError};
use choreo_test_features::{Pair, PairBuilder, System, TRIGGER, normalised, says};
use tokio::sync::Mutex;

const HEADER: &str = "x-correlation-id";

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(500);

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("bridges::mapped::stage", || async {
            let result = crossing(mapped(), translated, LONG).await?;
            result.assert_passed();
            assert_same_rest(&result)
        })
        .test("bridges::mapped_and_forgotten::stage", || async {
            let result = crossing(mapped(), untranslated, SHORT).await?;
            assert_silent(&result, "mapped_and_forgotten@stage");
            Ok(())
        })
        .test("bridges::own::stage", || async {
            let result = crossing(Directory::default(), translated, LONG).await?;
            result.assert_passed();
            assert_same_rest(&result)
        })
        .test("bridges::own_and_forgotten::stage", || async {
            let result = crossing(Directory::default(), untranslated, SHORT).await?;
            assert_silent(&result, "own_and_forgotten@stage");
            Ok(())
        })
}

/// By a rule for each transport.
fn mapped() -> MappedBridge {
    MappedBridge::new()
        .map("memory", |id| format!("m-{id}"))
        .map("nats", |id| format!("n-{id}"))
}

/// Ids have to be entered before they can be looked up.
#[derive(Default)]
struct Directory(Mutex<HashMap<CorrelationId, String>>);

impl CorrelationBridge for Directory {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        let id = CorrelationId::random("");
        let rest = id.to_string();
        self.0.lock().await.insert(id.clone(), rest);
        Ok(id)
    }

    async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
        let entered = self.0.lock().await;
        let rest = entered
            .get(id)
            .ok_or_else(|| BridgeError::new("it was not entered"))?;
        Ok(format!("{}-{rest}", &transport[..1]))
    }
}

/// The ids of both transports differ in their first letters only.
fn assert_same_rest(result: &ScenarioResult) -> Result<(), TestError> {
    let [memory, nats] = ["memory", "nats"].map(|name| result.correlation_id_on(name));
    let (memory, nats) = (memory.ok_or("an id")?, nats.ok_or("an id")?);
    let rests = (
        memory.as_str().strip_prefix("m-"),
        nats.as_str().strip_prefix("n-"),
    );
    assert!(rests.0.is_some() && rests.0 == rests.1, "{rests:?}");
    Ok(())
}

fn assert_silent(result: &ScenarioResult, snapshot: &str) {
    assert_eq!(result.outcome(), Outcome::Timeout);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(snapshot, normalised(&result.failure_text()));
    });
}

fn translated(id: &str, _: &mut Value, headers: &mut Headers) {
    headers.append(HEADER, format!("n-{}", id.trim_start_matches("m-")));
}

/// A service that takes the id of one broker for that of the other.
fn untranslated(id: &str, _: &mut Value, headers: &mut Headers) {
    headers.append(HEADER, id);
}

async fn crossing(
    bridge: impl CorrelationBridge,
    hand_on: fn(&str, &mut Value, &mut Headers),
    timeout: Duration,
) -> Result<Arc<ScenarioResult>, TestError> {
    let server = NatsServer::builder().start()?;
    let (memory, nats) = (Memory::new(), Nats::new(server.url()));
    let _system = System::handing_on(&memory, &nats, hand_on).await?;
    let stage = Stage::<Pair>::builder(PairBuilder {
        memory: Harness::builder(memory).correlation(FieldCorrelation::new("correlation_id")),
        nats: Harness::builder(nats).correlation(HeaderCorrelation::new(HEADER)),
    })
    .bridge(bridge)
    .connect()
    .await?;
    let mut scope = stage.scenario("bridged").timeout(timeout).open().await?;
    let s = scope.arrange();
    expect!(s.nats, "orders.done", { id: 1 });
    publish!(
        s.memory,
        TRIGGER,
        says([("orders.done", json!({ "id": 1 }))])
    );
    let result = settle!(s);
    drop(scope);
    stage.close().await;
    Ok(result)
}
