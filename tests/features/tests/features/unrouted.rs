//! Steps that a message of another scenario would end, where messages carry no id: refused, or allowed by a word.

use std::sync::Arc;

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo_test_brokers::{BrokerTests, NatsServer, TestError};
use choreo_test_features::{Pair, PairBuilder, normalised};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .embedded_test("unrouted::memory", || async {
            on_one(Harness::builder(Memory::new()).connect().await?, "memory").await
        })
        .test("unrouted::nats", || async {
            let server = NatsServer::builder().start()?;
            on_one(
                Harness::builder(Nats::new(server.url())).connect().await?,
                "nats",
            )
            .await
        })
        .test("unrouted::stage", on_stage)
}

macro_rules! refused_and_allowed {
    ($open:expr, $snapshot:expr, $s:ident => $from:expr, $to:expr) => {{
        let mut texts = Vec::new();
        {
            let mut scope = $open;
            let $s = scope.arrange();
            never!($to, "refunds", for 10ms);
            publish!($from, "orders", {});
            texts.push(refused(&settle!($s)));
        }
        {
            let mut scope = $open;
            let $s = scope.arrange();
            expect!($to, "refunds", { id: 1 }, fail_fast);
            publish!($from, "orders", {});
            texts.push(refused(&settle!($s)));
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("unrouted@{}", $snapshot), texts.join("\n"));
        });
        let mut scope = $open;
        let $s = scope.arrange();
        never!($to, "refunds", for 10ms, unrouted);
        expect!($to, "orders.copy", { id: 1 }, fail_fast, unrouted);
        publish!($to, "orders.copy", { id: 1 });
        settle!($s)
    }};
}

/// Why the scenario is an error.
fn refused(result: &Arc<ScenarioResult>) -> String {
    assert!(result.error().is_some(), "{result}");
    normalised(&result.failure_text())
}

async fn on_one(harness: Harness, snapshot: &str) -> Result<(), TestError> {
    let result = refused_and_allowed!(harness.scenario("unrouted").open(), snapshot, s => s, s);
    result.assert_passed();
    harness.close().await;
    Ok(())
}

async fn on_stage() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let stage = Stage::<Pair>::builder(PairBuilder {
        memory: Harness::builder(Memory::new()),
        nats: Harness::builder(Nats::new(server.url())),
    })
    .connect()
    .await?;
    let result = refused_and_allowed!(
        stage.scenario("unrouted").open().await?, "stage", s => s.memory, s.nats
    );
    result.assert_passed();
    stage.close().await;
    Ok(())
}
