//! Scenarios of one process on a topic where those of another run too.

use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::Transport;
use choreo::{Surprise, SurpriseClass};
use choreo_test_brokers::TestError;
use tokio::task::JoinSet;

const AT_ONCE: usize = 20;
/// The number in a first message, whose digits make it longer.
const LARGE: u64 = 7_000_000;
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
    echo(harness.clone(), topic.to_owned(), LARGE).await?;
    everybody_is_there().await?;
    let mut running = JoinSet::new();
    for _ in 0..AT_ONCE {
        running.spawn(echo(harness.clone(), topic.to_owned(), 7));
    }
    let mut passed = 0;
    let mut size = 0;
    while let Some(result) = running.join_next().await {
        size = result??;
        passed += 1;
    }
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let all_seen = async {
        while foreign(&harness, size) < AT_ONCE {
            tick.tick().await;
        }
    };
    // How many there were is the answer, also when it took too long.
    let _ = tokio::time::timeout(PATIENCE, all_seen).await;
    let foreign = foreign(&harness, size);
    harness.close().await;
    Ok(Met { passed, foreign })
}

/// How many of the messages were seen that the other process sent when both were there: its first one
/// has another size.
fn foreign(harness: &Harness, size: usize) -> usize {
    let (surprises, _) = harness.surprises();
    let counts = |surprise: &&Surprise| {
        surprise.class == SurpriseClass::UnknownId && surprise.size_bytes == size
    };
    surprises.iter().filter(counts).count()
}

/// The same message in all scenarios of both processes: only the ids tell them apart. Gives its size.
async fn echo(harness: Harness, topic: String, number: u64) -> Result<usize, TestError> {
    let mut scope = harness.scenario("echo").open();
    let s = scope.arrange();
    let echoed = expect!(s, topic.clone(), { number: (number) });
    publish!(s, topic, { number: (number) });
    let result = settle!(s);
    match result[echoed].envelope() {
        Some(envelope) => Ok(envelope.payload.len()),
        None => Err(result.failure_text().into()),
    }
}
