//! Eight failures of real runs: the cause of each, with its evidence, is on the first screen.
//!
//! `UPDATE_PICTURES=1` keeps the pictures of the first screens for `docs/report`.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use choreo_report::model::Report;
use choreo_report::{export, read, schema};
use choreo_test_brokers::{BrokerTests, TestError, broker_test_main};
use choreo_test_page::{Browser, Screen, browser_is_missing, missing_program};
use regex::Regex;
use serde_json::Value;
use tokio::process::Command;

/// What the shop exits with if a scenario failed.
const FAILED: i32 = 101;

/// For a run of the shop. The bound of a test is longer.
const BOUND: Duration = Duration::from_secs(40);

/// Scenarios of the shop that pass.
const HEALTHY: u64 = 11;

struct Failure {
    /// Of the pictures.
    name: &'static str,
    /// The scenario that fails.
    scenario: &'static str,
    /// What the page calls the cause.
    cause: &'static str,
    /// The cause in a sentence, a regex as all that follows: figures differ.
    sentence: &'static str,
    /// What a reader must see to believe it, where there is room.
    evidence: &'static [&'static str],
}

const EIGHT: [Failure; 8] = [
    Failure {
        name: "routing",
        scenario: "orders::a_phone_order_is_processed",
        cause: "Nothing arrived",
        sentence: "orders.created went out, and nothing of this scenario came back on orders.processed within 1 s: \
                   1 message there carried no correlation id",
        evidence: &[
            "Nothing that could be compared came within 1 s",
            "1 message carried no correlation id",
            r"orders.processed ?nats · without a correlation id · \d+ bytes",
            "ignored ?orders.processed ?it carries no correlation id",
            "deadline ?orders.processed",
        ],
    },
    Failure {
        name: "wrong-value",
        scenario: "orders::a_large_order_keeps_its_count",
        cause: "Wrong value",
        sentence: "3 messages came on orders.processed; in the closest, order.count was 999, expected 1000",
        evidence: &[
            "Closest of 3 near misses",
            "order.count ?1000 ?999",
            "near miss ?orders.processed ?2 places differ",
            "near miss ?orders.processed ?order.count: expected 1000, got 999",
            "deadline ?orders.processed ?3 came, none matched",
        ],
    },
    Failure {
        name: "wrong-type",
        scenario: "orders::an_imported_order_keeps_its_count",
        cause: "Wrong type",
        sentence: "in the message on orders.processed, order.count was the string \"20\", expected the number 20",
        evidence: &[
            "The one message that came",
            "order.count ?20 ?\"20\" ?string",
            "near miss ?orders.processed",
        ],
    },
    Failure {
        name: "late",
        scenario: "orders::a_busy_warehouse_is_in_time",
        cause: "Too late",
        sentence: r"orders.processed took [\d.]+ m?s, [\d.]+ m?s over its budget of 50 ms",
        evidence: &[
            r"[\d.]+ m?s too late: budget 50 ms, came after [\d.]+ m?s",
            "The message that came too late",
            r"matched ?orders.processed ?[\d.]+ m?s over its budget of 50 ms",
        ],
    },
    Failure {
        name: "duplicate",
        scenario: "payments::an_order_is_charged_once",
        cause: "Duplicate",
        sentence: r"a duplicate came on payments.charged [\d.]+ [mµ]s after the first message",
        evidence: &[
            "Wanted exactly one, came 2",
            "wanted, 1 of 1",
            "one too many ?m3",
            "violated ?payments.charged ?one too many",
        ],
    },
    Failure {
        name: "wrong-order",
        scenario: "parcels::a_parcel_leaves_when_paid",
        cause: "Wrong order",
        sentence: r"parcels.shipped came [\d.]+ [mµ]s before payments.settled, which had to come first",
        evidence: &[
            "Expected order ?1 ?payments.settled ?2 ?parcels.shipped",
            r"Arrival: [\d.]+ [mµ]s the wrong way round ?1 ?parcels.shipped",
            "violated ?parcels.shipped ?came before payments.settled",
        ],
    },
    Failure {
        name: "reply-failed",
        scenario: "payments::a_foreign_order_is_checked",
        cause: "Reply failed",
        sentence: r"the reply to fraud.check on fraud.result on memory failed: .* not a FraudCheck: amount is a string instead of u32.* orders.approved had not come",
        evidence: &[
            "built the answer ?the message is not a FraudCheck: amount is a string instead of u32",
            "The message that it could not answer",
            "\"amount\": ?\"1990 EUR\"",
            "published ?orders.abroad",
            "reply failed ?fraud.check ?on fraud.result on memory",
        ],
    },
    Failure {
        name: "broker-lost",
        scenario: "parcels::a_parcel_survives_the_night",
        cause: "Broker lost",
        sentence: r"the connection to NATS was lost: NATS at 127.0.0.1:\d+ went away .*; parcels.announced had not come",
        evidence: &[
            "The scenario could not go on",
            "published ?parcels.packed",
            "error ?the connection was lost",
            "Nothing, before the scenario was ended",
        ],
    },
];

/// The text that can be read without scrolling; what only screen readers read is no part of it.
const FIRST_SCREEN: &str = "(() => { const seen = []; \
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
    while (walk.nextNode()) { const range = document.createRange(); range.selectNode(walk.currentNode); \
    const box = range.getBoundingClientRect(); \
    if (walk.currentNode.parentElement.closest('.sr')) continue; \
    if (box.width > 0 && box.top >= 0 && box.bottom <= innerHeight) seen.push(walk.currentNode.textContent); } \
    return seen.join('').replace(/\\s+/g, ' '); })()";

fn main() -> ExitCode {
    let program = missing_program().unwrap_or("nats-server");
    let tests = BrokerTests::needing(program);
    broker_test_main(EIGHT.iter().fold(tests, |tests, failure| {
        tests.test(failure.name, move || look(failure))
    }))
}

async fn look(failure: &'static Failure) -> Result<(), TestError> {
    // Where skips are no failures, nobody comes here without a browser.
    assert!(!browser_is_missing());
    let scratch = tempfile::tempdir()?;
    let folder = run(failure, scratch.path()).await?;
    check(failure, &folder)?;
    let page = folder.join("index.html");
    let browser = Browser::start(Screen::DESKTOP).await;
    for screen in Screen::ALL {
        browser.resize(screen).await;
        browser.open_page(&page, "").await;
        let name = failure.name;
        let picture = browser.screenshot(&format!("eight-{name}-{screen}")).await;
        if screen == Screen::DESKTOP && std::env::var_os("UPDATE_PICTURES").is_some() {
            std::fs::copy(picture, documented(name))?;
        }
        assert_eq!(
            browser.text_of(".diagnosis .kind").await,
            failure.cause,
            "{name}"
        );
        let seen = browser.text(FIRST_SCREEN).await;
        // On a phone there is room for the sentence and the beginning of what proves it.
        let evidence: &[_] = match screen.width {
            width if width > Screen::PHONE.width => failure.evidence,
            _ => &[],
        };
        for part in [failure.cause, failure.sentence].iter().chain(evidence) {
            let is_seen = Regex::new(&format!("(?i){part}"))?.is_match(&seen);
            assert!(
                is_seen,
                "{name} at {screen:?}: {part} is not in sight:\n{seen}"
            );
        }
        // Nothing sticks out of the screen: what is wide scrolls in its own box.
        // `innerWidth` is no measure: on a phone it grows with what is too wide.
        let wide = browser.run("document.documentElement.scrollWidth").await;
        assert_eq!(wide, screen.width, "{name} is too wide at {screen:?}");
        browser.assert_no_problems().await;
    }
    browser.close().await;
    Ok(())
}

/// Runs the healthy scenarios of the shop and one that fails. Returns the folder of their report.
async fn run(failure: &Failure, scratch: &Path) -> Result<PathBuf, TestError> {
    let folder = scratch.join("report");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    // What cargo, nextest, CI and we ourselves are told is not meant for it.
    command.env_clear();
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let others = EIGHT.iter().filter(|other| other.name != failure.name);
    let run = command
        .current_dir(scratch)
        .env("CARGO_PKG_NAME", "shop")
        .env("CHOREO_PROJECT", "shop")
        .arg("--report")
        .arg(&folder)
        .args(others.flat_map(|other| ["--skip", other.scenario]))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ran = tokio::time::timeout(BOUND, run).await??;
    let output = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let output = output.concat();
    assert_eq!(ran.status.code(), Some(FAILED), "{output}");
    Ok(folder)
}

/// The report is valid, also as one of version 1.3, shows no correlation id in clear, and one scenario of it failed.
fn check(failure: &Failure, folder: &Path) -> Result<(), TestError> {
    let text = std::fs::read(folder.join("results.json"))?;
    validate(schema::V1_4, &serde_json::from_slice(&text)?)?;
    let report = read::from_slice(&text)?.report;
    let old = export::v1_3::export(report.clone());
    validate(schema::V1_3, &serde_json::to_value(old.report)?)?;
    // Only version 1.3 lets them be in clear.
    let hashed = Regex::new("^sha256:[0-9a-f]{16}$")?;
    let scenarios = report.tests.iter().flat_map(|test| &test.scenarios);
    for id in scenarios.filter_map(|scenario| scenario.correlation_id.as_ref()) {
        assert!(hashed.is_match(id), "{id}");
    }
    assert_eq!(red(&report), [failure.scenario]);
    assert_eq!(report.run.totals.total, HEALTHY + 1);
    assert_eq!(report.run.notices, []);
    Ok(())
}

fn red(report: &Report) -> Vec<&str> {
    let red = report.tests.iter().filter(|test| test.outcome.is_failure());
    red.map(|test| test.name.as_str()).collect()
}

fn validate(schema: &str, report: &Value) -> Result<(), TestError> {
    let validator = jsonschema::validator_for(&serde_json::from_str(schema)?)?;
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
    Ok(())
}

/// Where a picture of the documentation is.
fn documented(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/report");
    Path::new(folder).join(format!("{name}.png"))
}
