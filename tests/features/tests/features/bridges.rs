//! An id with a form of its own on each transport of a stage: in a field on one, in a header on the other.

use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::Headers;
use choreo::{Outcome, ScenarioResult, Value};
use choreo_test_brokers::{BrokerTests, NatsServer, TestError};
use choreo_test_features::{Pair, PairBuilder, System, TRIGGER, normalised, says};
use std::sync::Arc;

const HEADER: &str = "x-correlation-id";

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("bridges::mapped::stage", || async {
            let result = crossing(translated, Duration::from_secs(10)).await?;
            result.assert_passed();
            let [memory, nats] = ["memory", "nats"].map(|name| result.correlation_id_on(name));
            let (memory, nats) = (memory.ok_or("an id")?, nats.ok_or("an id")?);
            assert_eq!(memory.as_str().strip_prefix("m-"), nats.as_str().strip_prefix("n-"));
            Ok(())
        })
        .test("bridges::mapped_and_forgotten::stage", || async {
            let result = crossing(untranslated, Duration::from_millis(500)).await?;
            assert_eq!(result.outcome(), Outcome::Timeout);
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!("mapped_and_forgotten@stage", normalised(&result.failure_text()));
            });
            Ok(())
        })
}

fn translated(id: &str, _: &mut Value, headers: &mut Headers) {
    headers.append(HEADER, format!("n-{}", id.trim_start_matches("m-")));
}

/// A service that takes the id of one broker for that of the other.
fn untranslated(id: &str, _: &mut Value, headers: &mut Headers) {
    headers.append(HEADER, id);
}

async fn crossing(
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
    .bridge(
        MappedBridge::new()
            .map("memory", |id| format!("m-{id}"))
            .map("nats", |id| format!("n-{id}")),
    )
    .connect()
    .await?;
    let mut scope = stage.scenario("mapped").timeout(timeout).open().await?;
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
