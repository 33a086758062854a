//! Scenarios of one process on a topic where those of another run too.

use std::time::Duration;

use choreo::SurpriseClass;
use choreo::prelude::*;
use choreo::transport::Transport;
use choreo_test_brokers::TestError;
use tokio::task::JoinSet;

const AT_ONCE: usize = 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// Scenarios that passed, of those that ran.
    pub passed: usize,
    /// Messages of the other process, none of which reached a scenario.
    pub foreign: usize,
}

impl Met {
    /// When both processes do as they should.
    pub const ALL: Self = Self {
        passed: AT_ONCE,
        foreign: AT_ONCE,
    };
}

/// Subscribes, waits for the other process to have done so (`everybody_is_there`), runs scenarios, and
/// waits until as many messages of the other process have been seen.
///
/// # Errors
///
/// When the broker cannot be reached, or `everybody_is_there` fails.
pub async fn meet(
    transport: impl Transport,
    topic: &str,
    everybody_is_there: impl AsyncFnOnce() -> Result<(), TestError>,
) -> Result<Met, TestError> {
    let harness = Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(PATIENCE)
        .linger(PATIENCE * 10)
        .connect()
        .await?;
    // Opens the subscription, which stays.
    echo(harness.clone(), topic.to_owned()).await?;
    everybody_is_there().await?;
    let before = foreign(&harness);
    let mut running = JoinSet::new();
    for _ in 0..AT_ONCE {
        running.spawn(echo(harness.clone(), topic.to_owned()));
    }
    let mut passed = 0;
    while let Some(result) = running.join_next().await {
        result??;
        passed += 1;
    }
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let all_seen = async {
        while foreign(&harness) < before + AT_ONCE {
            tick.tick().await;
        }
    };
    // How many there were is the answer, also when it took too long.
    let _ = tokio::time::timeout(PATIENCE, all_seen).await;
    let foreign = foreign(&harness) - before;
    harness.close().await;
    Ok(Met { passed, foreign })
}

fn foreign(harness: &Harness) -> usize {
    let surprises = harness.surprises().0;
    let unknown = |surprise: &&choreo::Surprise| surprise.class == SurpriseClass::UnknownId;
    surprises.iter().filter(unknown).count()
}

/// The same message in all scenarios of both processes: only the ids tell them apart.
async fn echo(harness: Harness, topic: String) -> Result<(), TestError> {
    let mut scope = harness.scenario("echo").open();
    let s = scope.arrange();
    expect!(s, topic.clone(), { number: 7 });
    publish!(s, topic, { number: 7 });
    let result = settle!(s);
    match result.outcome() {
        Outcome::Pass => Ok(()),
        _ => Err(result.failure_text().into()),
    }
}
