//! A feature in every setting.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{Outcome, ScenarioResult};
use choreo_test_brokers::{BrokerTests, TestError};
use choreo_test_features::{One, Pair, Two, normalised};
use tokio::task::JoinSet;

/// Scenarios side by side on one harness or stage.
const MANY: usize = 100;

/// Of failing scenarios in memory, and over a server. Their messages have long come by then.
const IN_MEMORY: Duration = Duration::from_millis(200);
const OVER_A_SERVER: Duration = Duration::from_millis(500);

pub(crate) type Running<'s> = Pin<Box<dyn Future<Output = Arc<ScenarioResult>> + Send + 's>>;

/// One scenario up to its result.
pub(crate) type Body<T> = for<'s> fn(Scenario<'s, T>) -> Running<'s>;

/// The scenarios of a feature in one setting.
pub(crate) struct Scenarios<T> {
    /// None where the transport does not have what the feature is about.
    pub(crate) passes: Option<Body<T>>,
    pub(crate) fails: Body<T>,
    /// The end of the snapshot's name.
    pub(crate) snapshot: &'static str,
}

/// What a scenario can do, in each setting.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) memory: Scenarios<Harness>,
    pub(crate) nats: Scenarios<Harness>,
    pub(crate) stage: Scenarios<Pair>,
    /// Whether the order of what happens is the same in each run.
    pub(crate) timeline: bool,
}

impl Feature {
    /// The same scenarios in memory and on NATS.
    pub(crate) fn new(name: &'static str, one: [Body<Harness>; 2], stage: [Body<Pair>; 2]) -> Self {
        let on_one = || Scenarios {
            passes: Some(one[0]),
            fails: one[1],
            snapshot: "one",
        };
        Self {
            name,
            memory: on_one(),
            nats: on_one(),
            stage: Scenarios {
                passes: Some(stage[0]),
                fails: stage[1],
                snapshot: "stage",
            },
            timeline: true,
        }
    }

    fn check(&self, result: &ScenarioResult, snapshot: &str) {
        assert!(result.outcome() > Outcome::Slow, "it passed");
        let text = normalised(&result.failure_text());
        let shown = match text.split_once("\n  timeline") {
            Some((before, _)) if !self.timeline => before,
            _ => &text,
        };
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{}@{snapshot}", self.name), shown);
        });
    }
}

/// `name => macro!(…)`: the macro has the scenarios, with an arm for the one that `passes` and one that
/// `fails`. It is given the scenario, the transport of the trigger, that of the answer, and in brackets what
/// stands before the topic of an answer in `reply!`.
macro_rules! matrix {
    ($($name:ident => $scenarios:ident!($($arguments:tt)*)),+ $(,)?) => {
        vec![$({
            async fn passes(s: Scenario<'_>) -> Arc<ScenarioResult> {
                $scenarios!(passes s, s, s, []; $($arguments)*)
            }
            async fn fails(s: Scenario<'_>) -> Arc<ScenarioResult> {
                $scenarios!(fails s, s, s, []; $($arguments)*)
            }
            async fn passes_on_stage(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
                $scenarios!(passes s, s.memory, s.nats, [s.nats,]; $($arguments)*)
            }
            async fn fails_on_stage(s: Scenario<'_, Pair>) -> Arc<ScenarioResult> {
                $scenarios!(fails s, s.memory, s.nats, [s.nats,]; $($arguments)*)
            }
            Feature::new(
                stringify!($name),
                [|s| Box::pin(passes(s)), |s| Box::pin(fails(s))],
                [|s| Box::pin(passes_on_stage(s)), |s| Box::pin(fails_on_stage(s))],
            )
        }),+]
    };
}

/// `MODULE::FEATURE::SETTING` for each.
pub(crate) fn add(mut tests: BrokerTests, module: &str, features: Vec<Feature>) -> BrokerTests {
    for feature in features {
        let name = |setting| format!("{module}::{}::{setting}", feature.name);
        let names = [name("memory"), name("nats"), name("stage")];
        let feature = Arc::new(feature);
        let [memory, nats, stage] = [(); 3].map(|()| Arc::clone(&feature));
        tests = tests
            .embedded_test(&names[0], || async move {
                on_one(One::memory().await?, IN_MEMORY, &memory, &memory.memory).await
            })
            .test(&names[1], || async move {
                on_one(One::nats().await?, OVER_A_SERVER, &nats, &nats.nats).await
            })
            .test(&names[2], || async move { on_stage(&stage).await });
    }
    tests
}

/// A hundred at once of the one that passes: `NAME::SETTING`.
pub(crate) fn add_many(tests: BrokerTests, name: &str, feature: &Feature) -> BrokerTests {
    let passes = "a feature that is tried in each setting";
    let memory = feature.memory.passes.expect(passes);
    let nats = feature.nats.passes.expect(passes);
    let stage = feature.stage.passes.expect(passes);
    tests
        .embedded_test(&format!("{name}::memory"), move || async move {
            many_on_one(One::memory().await?, memory).await
        })
        .test(&format!("{name}::nats"), move || async move {
            many_on_one(One::nats().await?, nats).await
        })
        .test(&format!("{name}::stage"), move || many_on_stage(stage))
}

async fn many_on_one(one: One, passes: Body<Harness>) -> Result<(), TestError> {
    let mut running = JoinSet::new();
    for _ in 0..MANY {
        let harness = one.harness.clone();
        running.spawn(async move {
            let mut scope = harness.scenario("one of many").open();
            passes(scope.arrange()).await
        });
    }
    for result in running.join_all().await {
        result.assert_passed();
    }
    assert_eq!(one.harness.surprises().0, []);
    one.harness.close().await;
    Ok(())
}

async fn many_on_stage(passes: Body<Pair>) -> Result<(), TestError> {
    let two = Two::start().await?;
    let mut running = JoinSet::new();
    for _ in 0..MANY {
        let stage = two.stage.clone();
        running.spawn(async move {
            let mut scope = stage.scenario("one of many").open().await?;
            Ok::<_, choreo::Error>(passes(scope.arrange()).await)
        });
    }
    for result in running.join_all().await {
        result?.assert_passed();
    }
    let Pair { memory, nats } = two.stage.transports();
    assert_eq!((memory.surprises().0, nats.surprises().0), (vec![], vec![]));
    two.stage.close().await;
    Ok(())
}

async fn on_one(
    one: One,
    limit: Duration,
    feature: &Feature,
    bodies: &Scenarios<Harness>,
) -> Result<(), TestError> {
    if let Some(passes) = bodies.passes {
        let mut scope = one.harness.scenario(feature.name).open();
        passes(scope.arrange()).await.assert_passed();
    }
    let mut scope = one.harness.scenario(feature.name).timeout(limit).open();
    let result = (bodies.fails)(scope.arrange()).await;
    drop(scope);
    feature.check(&result, bodies.snapshot);
    let over = format!("  over {}\n", one.harness.transport_name());
    assert!(result.failure_text().contains(&over), "{result}");
    assert_eq!(one.harness.registration_count(), 0);
    one.harness.close().await;
    Ok(())
}

async fn on_stage(feature: &Feature) -> Result<(), TestError> {
    let two = Two::start().await?;
    let bodies = &feature.stage;
    if let Some(passes) = bodies.passes {
        let mut scope = two.stage.scenario(feature.name).open().await?;
        passes(scope.arrange()).await.assert_passed();
    }
    let scenario = two.stage.scenario(feature.name).timeout(OVER_A_SERVER);
    let mut scope = scenario.open().await?;
    let result = (bodies.fails)(scope.arrange()).await;
    drop(scope);
    feature.check(&result, bodies.snapshot);
    let Pair { memory, nats } = two.stage.transports();
    let left = memory.registration_count() + nats.registration_count();
    assert_eq!(left, 0);
    two.stage.close().await;
    Ok(())
}
