//! The program under test: scenarios that end in all ways.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use choreo_report::model::{Direction, Encoding, Message, Replacements, Scenario};
use choreo_runner::{
    BoxFuture, Case, HandleRecord, OpenError, Opened, Outcome, Resource, Row, RunContext,
    ScenarioRecord,
};

struct Broker;

impl Resource for Broker {
    fn name(&self) -> &str {
        "broker"
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        choreo_runner::note_allowlist(Path::new("shop/choreo.toml"));
        Box::pin(async { Ok(Opened { isolated: true }) })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

static BROKER: Broker = Broker;

const CASE: Case = Case {
    name: "",
    module: "report",
    file: "tests/orders.rs",
    line: 0,
    row: None,
    tags: &[],
    ignore: None,
    should_fail: None,
    slow: None,
    resource: || &BROKER,
    run: |_| ends(Outcome::Pass, None),
};

fn ends(outcome: Outcome, failure: Option<&str>) -> BoxFuture<'static, ScenarioRecord> {
    let failure = failure.map(str::to_owned);
    let handle = HandleRecord::new("orders.processed", outcome)
        .with_latency(Duration::from_millis(12))
        .with_budget(Duration::from_millis(50));
    let took = Duration::from_millis(20);
    Box::pin(async move { ScenarioRecord::new(outcome, vec![handle], took, failure) })
}

/// Leaves something to chance, and fails with what it was drawn from.
fn draws(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let seed = choreo_runner::run_seed().expect("the runner has checked it");
    ends(Outcome::Fail, Some(&format!("drawn from {seed}")))
}

/// Says an id that no report shows.
fn errs(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let ids = Replacements::new(vec![("run-7".to_owned(), "#1".to_owned())]);
    let ended = ends(Outcome::Error, Some("run-7 was refused"));
    Box::pin(async { ended.await.with_replacements(ids) })
}

fn aborts(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async { std::process::abort() })
}

/// Ends only with its process.
fn waits(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async {
        writeln!(std::io::stderr(), "waits").expect("the check reads this");
        std::future::pending().await
    })
}

/// Shows its scenario, and not everything of it.
fn shows(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let mut scenario = Scenario::new("shows", Outcome::Pass, Duration::ZERO);
    let mut message = Message::new(
        "m1",
        "t",
        Direction::In,
        Duration::ZERO,
        70_000,
        Encoding::Text,
    );
    message.truncated = true;
    scenario.messages = vec![message.clone(), message];
    scenario.timeline_dropped = 9;
    Box::pin(async move {
        ScenarioRecord::new(Outcome::Pass, Vec::new(), Duration::ZERO, None)
            .with_detail(Box::new(scenario))
    })
}

/// Fails with a secret that it resolved, and with a text that looks like one.
fn leaks(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    choreo_report::redact::remember_secret("w4lrus-of-this-check");
    let text = "refused: w4lrus-of-this-check, password=hunter2hunter2";
    let handle = HandleRecord::new("orders.w4lrus-of-this-check", Outcome::Fail);
    let (handles, text) = (vec![handle], Some(text.to_owned()));
    Box::pin(async { ScenarioRecord::new(Outcome::Fail, handles, Duration::ZERO, text) })
}

/// Passes at the second attempt.
fn retried(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let first = std::env::var("NEXTEST_ATTEMPT").is_ok_and(|attempt| attempt == "1");
    if first {
        ends(Outcome::Fail, Some("the first attempt"))
    } else {
        ends(Outcome::Pass, None)
    }
}

inventory::submit! { Case { name: "passes", module: "report::a", line: 1, tags: &["quick"], ..CASE } }
inventory::submit! { Case { name: "is_slow", module: "report::a", line: 2, run: |_| ends(Outcome::Slow, None), ..CASE } }
inventory::submit! { Case {
    name: "fails", module: "report::a", line: 3,
    row: Some(Row { number: 2, in_file: None, file: "tests/orders.rs", line: 3 }),
    run: |_| ends(Outcome::Fail, Some("\x1b[31mone near miss\x1b[0m\n  - count: 3")), ..CASE
} }
inventory::submit! { Case { name: "errs", module: "report::a", line: 4, run: errs, ..CASE } }
inventory::submit! { Case { name: "is_ignored", module: "report::a", line: 5, ignore: Some("not now"), ..CASE } }
inventory::submit! { Case { name: "aborts", module: "report::dies", line: 6, run: aborts, ..CASE } }
inventory::submit! { Case { name: "waits", module: "report::waits", line: 7, run: waits, ..CASE } }
inventory::submit! { Case { name: "would_follow", module: "report::waits", line: 8, ..CASE } }
inventory::submit! { Case { name: "retried", module: "report::retried", line: 9, run: retried, ..CASE } }

inventory::submit! { Case { name: "shows", module: "report::gaps", line: 11, run: shows, ..CASE } }
inventory::submit! { Case { name: "draws", module: "report::chance", line: 10, run: draws, ..CASE } }
inventory::submit! { Case { name: "leaks", module: "report::secrets", line: 12, run: leaks, ..CASE } }
