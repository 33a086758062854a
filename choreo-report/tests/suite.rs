//! The report that the workspace's own suite leaves: every transport, stages, acts and replies, from many processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::model::{Millis, Outcome, Report, Run, Test, TestOutcome, Timestamp};
use choreo_report::{export, html, read, schema};
use serde_json::Value;

use self::page::unpacked;

#[path = "support/page.rs"]
mod page;

/// Fewer scenarios are not the whole suite.
const SCENARIOS: usize = 30;

/// `choreo_test_brokers::SENTINEL`, which every credential of the tests holds.
const SENTINEL: &str = "s3ntinel";

fn validate(schema: &str, report: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).expect("it is a schema");
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn read_file(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, and of those in it, that hold a credential of the tests.
fn with_credentials(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the report is a folder");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            found.extend(with_credentials(&path));
            continue;
        }
        let mut text = read_file(&path);
        if path.extension().is_some_and(|ending| ending == "html") {
            text.extend(unpacked(&String::from_utf8_lossy(&text)));
        }
        if String::from_utf8_lossy(&text).contains(SENTINEL) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// In a partial, and in a page that holds nothing but what is packed.
#[test]
fn no_file_of_a_report_hides_a_credential() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("index.html");
    let write = |stdout: String| {
        let mut test = Test::new("a", "a.rs", "a", TestOutcome::Passed, Millis::ZERO);
        test.stdout = stdout;
        let run = Run::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Millis::ZERO);
        let file = fs::File::create(&page).expect("it is ours");
        html::write(file, &Report::new(run, vec![test])).expect("it is written");
    };
    write(String::new());
    assert_eq!(with_credentials(folder.path()), Vec::<PathBuf>::new());
    write(format!("{SENTINEL}{}", "x".repeat(2 << 20)));
    let partial = folder.path().join("partials/1.jsonl");
    fs::create_dir(folder.path().join("partials")).expect("it is ours");
    fs::write(&partial, format!("{{\"stdout\":\"{SENTINEL}\"}}")).expect("it is ours");
    assert_eq!(with_credentials(folder.path()), [page, partial]);
}

fn kinds_of_transport(report: &Report) -> Vec<&str> {
    let scenarios = report.tests.iter().flat_map(|test| &test.scenarios);
    let mut kinds: Vec<&str> = scenarios
        .flat_map(|scenario| &scenario.transports)
        .map(|transport| &*transport.kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
#[ignore = "reads what the suite leaves in CHOREO_REPORT_DIR: `cargo xtask test` runs it after the tests"]
fn the_report_of_the_suite_is_valid() {
    let folder = std::env::var_os("CHOREO_REPORT_DIR").expect("the folder of the report is named");
    let folder = PathBuf::from(folder);
    let text = read_file(&folder.join("results.json"));
    let json: Value = serde_json::from_slice(&text).expect("it is JSON");
    validate(schema::V1_4, &json);
    let report = read::from_slice(&text).expect("it is a report").report;
    let old = export::v1_3::export(report.clone()).report;
    validate(
        schema::V1_3,
        &serde_json::to_value(old).expect("it is JSON"),
    );

    let scenarios = || report.tests.iter().flat_map(|test| &test.scenarios);
    assert!(scenarios().count() >= SCENARIOS, "{}", scenarios().count());
    assert!(scenarios().any(|scenario| scenario.transports.len() > 1));
    assert!(scenarios().any(|scenario| !scenario.replies.is_empty()));
    assert!(scenarios().any(|scenario| scenario.acts.len() > 1));
    // Of failures that tests expect; that a test itself is red is for `tests/e2e`.
    let verdicts: BTreeSet<Outcome> = scenarios().filter_map(|it| it.verdict).collect();
    for outcome in [
        Outcome::Pass,
        Outcome::Slow,
        Outcome::Fail,
        Outcome::Timeout,
        Outcome::Error,
    ] {
        assert!(verdicts.contains(&outcome), "{outcome:?} is missing");
    }
    let used = kinds_of_transport(&report);
    for kind in ["kafka", "memory", "nats", "rabbitmq", "redis"] {
        assert!(used.contains(&kind), "{kind} is not among {used:?}");
    }
    assert_eq!(with_credentials(&folder), Vec::<PathBuf>::new());
}
