//! Scenarios that the suites of all brokers run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use choreo::ScenarioResult;
use choreo::prelude::*;
use choreo::transport::Transport;
use tokio::process::Command;

use crate::{SENTINEL, TestError};

/// Below the bound of a test.
const BOUND: Duration = Duration::from_secs(50);
/// Long enough for an answer on a topic that has to be made first.
const SLIP: Duration = Duration::from_secs(3);

/// Publishes to a topic and expects the same message back.
pub async fn echo(harness: &Harness, topic: &str, number: u64) -> Arc<ScenarioResult> {
    let mut scope = harness.scenario("echo").open();
    let s = scope.arrange();
    expect!(s, topic, { number: (number) });
    publish!(s, topic, { number: (number) });
    settle!(s)
}

/// A service answers on a topic that it misspelt, and a harness that watches its topics says so; `orders` is how
/// they are written on this broker.
///
/// # Errors
///
/// When a harness cannot connect.
///
/// # Panics
///
/// When the failure text does not say it.
pub async fn slip_of_a_service<T: Transport>(
    watching: T,
    service: T,
    orders: &str,
) -> Result<(), TestError> {
    let service = Harness::builder(service).timeout(BOUND).connect().await?;
    let mut answering = service.scenario("a service").open();
    let service = answering.arrange();
    reply!(service, "orders.created" => "orders.procesed", |order| order.clone());
    begin!(service);

    let harness = Harness::builder(watching)
        .correlation(FieldCorrelation::new("correlation_id"))
        .watch(orders)
        .connect()
        .await?;
    let mut scope = harness.scenario("an order").timeout(SLIP).open();
    let s = scope.arrange();
    expect!(s, "orders.processed");
    publish!(s, "orders.created", {});
    let text = settle!(s).failure_text();
    let line = "a message of this scenario came on `orders.procesed`, where it does not listen: is it meant to be \
                `orders.processed`?";
    assert!(text.contains(line), "{text}");
    assert_eq!(harness.surprises().0, []);
    settle!(service).assert_passed();
    harness.close().await;
    Ok(())
}

/// A scenario that waits for what never comes, while something happens to the broker; and how soon it
/// ended after that.
///
/// # Errors
///
/// Those of `disturb`.
pub async fn disturbed(
    harness: &Harness,
    disturb: impl FnOnce() -> Result<(), TestError>,
) -> Result<(Arc<ScenarioResult>, Duration), TestError> {
    let mut scope = harness.scenario("disturbed").timeout(BOUND).open();
    let s = scope.arrange();
    expect!(s, "never");
    publish!(s, "trigger", { n: 1 });
    let start = Instant::now();
    disturb()?;
    Ok((settle!(s), start.elapsed()))
}

/// Runs the program of two scenarios whose harness gives the broker at a URL a password that it does not
/// know, and makes sure that the output says so, says it once, and does not show the password, nor does the report.
///
/// # Errors
///
/// When the program cannot be run, or does not end.
///
/// # Panics
///
/// When the output is not as it should be.
pub async fn wrong_password_run(program: &str, url: &str) -> Result<(), TestError> {
    let report = tempfile::tempdir()?;
    let run = Command::new(program)
        .arg("--nocapture")
        .arg("--report")
        .arg(report.path())
        .env("SERVER", url)
        .env("WRONG_PASSWORD", format!("{SENTINEL}-wr0ng"))
        .env("RUST_BACKTRACE", "full")
        .env_remove("NEXTEST_RUN_ID")
        .env_remove("NEXTEST")
        .kill_on_drop(true)
        .output();
    let run = tokio::time::timeout(BOUND, run).await??;
    let output = [run.stdout, run.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    assert!(!run.status.success(), "{output}");
    assert!(!output.contains(SENTINEL), "{output}");
    assert!(output.contains("0 passed; 2 failed"), "{output}");
    // Once where it happened, and once more in the failures at the end; not once for each scenario.
    let told = output.matches("refused the credentials").count();
    assert!((1..=2).contains(&told), "{output}");
    for file in ["results.json", "index.html"] {
        let text = std::fs::read_to_string(report.path().join(file))?;
        assert!(text.contains("another"), "{file} has both scenarios");
        assert!(!text.contains(SENTINEL), "{file} shows the password");
    }
    Ok(())
}
