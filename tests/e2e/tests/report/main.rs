//! The report of a run, under `cargo test` with its binaries and under nextest with a process for each scenario:
//! whole, also when a process dies, a test is retried, or several machines share the run.

mod secrets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use choreo_e2e_tests::{Check, Fixture, Ran, main as run_checks};
use choreo_report::folder::Folder;
use choreo_report::merge::{self, Options};
use choreo_report::model::{NoticeKind, Report, TestOutcome};
use choreo_report::{export, read, schema};
use serde_json::Value;

/// What `cargo test` exits with if tests fail.
const CARGO_TEST_FAILED: i32 = 101;

/// What nextest exits with if tests fail.
const NEXTEST_FAILED: i32 = 100;

/// All that the targets `outcomes` and `cases` have, by how they end.
const OUTCOMES_AND_CASES: [(TestOutcome, usize); 5] = [
    (TestOutcome::Passed, 12),
    (TestOutcome::Failed, 9),
    (TestOutcome::Errored, 2),
    (TestOutcome::Skipped, 3),
    (TestOutcome::Slow, 1),
];

/// A report folder of one check.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs cargo with the report in a folder of this name.
    fn cargo(&self, folder: &str, arguments: &[&str]) -> Ran {
        let folder = self.folder(folder);
        let path = folder.to_str().expect("the path is text");
        fixture().cargo(arguments, &[("CHOREO_REPORT_DIR", path)])
    }

    fn report(&self, folder: &str) -> Report {
        report(&self.folder(folder))
    }
}

fn fixture() -> Fixture {
    Fixture::new("outcomes", Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// The report in a folder, which is valid, also as one of version 1.3.
fn report(folder: &Path) -> Report {
    let path = folder.join("results.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: Value = serde_json::from_slice(&text).expect("it is JSON");
    validate(schema::V1_4, &json);
    let report = read::from_slice(&text).expect("it is a report").report;
    let old = export::v1_3::export(report.clone());
    validate(
        schema::V1_3,
        &serde_json::to_value(old.report).expect("it is JSON"),
    );
    let page = std::fs::read_to_string(folder.join("index.html")).expect("there is a page");
    assert!(page.starts_with("<!doctype html>"));
    report
}

fn validate(schema: &str, json: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let errors: Vec<String> = validator
        .iter_errors(json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
}

fn by_outcome(report: &Report) -> Vec<(TestOutcome, usize)> {
    let mut counts = BTreeMap::new();
    for test in &report.tests {
        *counts.entry(test.outcome).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

fn outcome(report: &Report, name: &str) -> TestOutcome {
    let test = report.tests.iter().find(|test| test.name == name);
    test.unwrap_or_else(|| panic!("{name} is not in the report"))
        .outcome
}

fn the_binaries_of_cargo_test_are_one_report() {
    let scratch = Scratch::new();
    let arguments = [
        "test",
        "--no-fail-fast",
        "--test",
        "outcomes",
        "--test",
        "cases",
    ];
    let ran = scratch.cargo("out", &arguments);
    let _ = ran.exits(CARGO_TEST_FAILED);
    let report = scratch.report("out");
    assert_eq!(by_outcome(&report), OUTCOMES_AND_CASES);
    let run = &report.run;
    assert_eq!(run.notices, []);
    assert_eq!(run.project_name.as_deref(), Some("outcomes"));
    assert_eq!(
        run.processes.as_ref().map(|processes| processes.merged),
        Some(2)
    );
    if cfg!(target_os = "linux") {
        assert_eq!(run.command_line[1..], arguments);
    }
    let panics = report.tests.iter().find(|test| test.name == "panics");
    let panics = panics.expect("it is in the report");
    assert_eq!(panics.nodeid, "outcomes::outcomes::panics");
    let why = panics.failure_text.as_deref().unwrap_or_default();
    assert!(why.contains("the fixture panics"), "{why}");

    // What the report says runs that test again runs that test again.
    let rerun = panics.rerun.as_deref().expect("it can be run again");
    let words: Vec<&str> = rerun.split(' ').skip(1).collect();
    let again = scratch.cargo("again", &words).exits(CARGO_TEST_FAILED);
    again.says("0 passed; 1 failed;");
    // A run replaces the last one, and never mixes with it.
    assert_eq!(scratch.report("again").tests.len(), 1);
}

fn without_a_word_the_report_is_in_the_target_folder() {
    let ran = fixture().cargo(&["test", "--test", "linked"], &[]).exits(0);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e/target/choreo/report");
    assert!(Folder::open(&folder).is_ok(), "{ran}");
    let results = read::from_path(&folder.join("results.json")).expect("it is a report");
    let allowed = results.report.run.allowlist_path;
    let file = fixture().folder().join("choreo.toml");
    assert_eq!(allowed.as_deref(), file.to_str());
}

fn a_process_that_dies_takes_no_scenario_with_it() {
    let scratch = Scratch::new();
    let arguments = [
        "test",
        "--no-fail-fast",
        "--test",
        "killed",
        "--test",
        "linked",
    ];
    let ran = scratch.cargo(
        "out",
        &[&arguments[..], &["--", "--test-threads=1"]].concat(),
    );
    let _ = ran.exits(CARGO_TEST_FAILED);
    let report = scratch.report("out");
    assert_eq!(report.run.totals.total, 4);
    assert_eq!(outcome(&report, "kills_its_process"), TestOutcome::Errored);
    assert_eq!(outcome(&report, "would_have_passed"), TestOutcome::Errored);
    assert_eq!(
        outcome(&report, "plug::passes_from_a_library"),
        TestOutcome::Passed
    );
    let kinds: Vec<_> = report
        .run
        .notices
        .iter()
        .map(|notice| &notice.kind)
        .collect();
    assert_eq!(kinds, [&NoticeKind::Lost]);
}

fn a_process_that_dies_last_is_in_the_report_of_whoever_asks() {
    let scratch = Scratch::new();
    let _ = scratch.cargo("out", &["test", "--test", "linked"]).exits(0);
    // Cargo stops at the first program that fails, so that nobody is left who could merge.
    let arguments = [
        "test",
        "--test",
        "killed",
        "--test",
        "linked",
        "--",
        "--test-threads=1",
    ];
    let ran = scratch.cargo("out", &arguments).exits(CARGO_TEST_FAILED);
    assert_eq!(scratch.report("out").run.totals.total, 1, "{ran}");
    // What `choreo report show`, `open`, `export` and `diff` do first, and `choreo report merge` elsewhere.
    let whole = Folder::create(&scratch.folder("whole")).expect("it is missing");
    merge::merge(&[scratch.folder("out")], &whole, &Options::default()).expect("it has parts");
    let folder = Folder::open(&scratch.folder("out")).expect("it is a report folder");
    merge::merge_latest(&folder, &Options::default()).expect("it can be merged");
    for name in ["whole", "out"] {
        let report = scratch.report(name);
        assert_eq!(report.run.totals.total, 3);
        assert_eq!(outcome(&report, "kills_its_process"), TestOutcome::Errored);
        assert_eq!(outcome(&report, "would_have_passed"), TestOutcome::Errored);
        assert_eq!(report.run.notices.len(), 1);
    }
}

fn the_processes_of_nextest_are_one_report() {
    let scratch = Scratch::new();
    let arguments = [
        "nextest",
        "run",
        "--no-fail-fast",
        "--test",
        "outcomes",
        "--test",
        "cases",
    ];
    let _ = scratch.cargo("out", &arguments).exits(NEXTEST_FAILED);
    let report = scratch.report("out");
    // Nextest does not start what is ignored, and a skip that nobody would see fails.
    let mut expected: BTreeMap<_, _> = OUTCOMES_AND_CASES.into_iter().collect();
    expected.remove(&TestOutcome::Skipped);
    expected
        .entry(TestOutcome::Errored)
        .and_modify(|number| *number += 1);
    assert_eq!(
        by_outcome(&report),
        expected.into_iter().collect::<Vec<_>>()
    );
    let processes = report.run.processes.as_ref().expect("they are counted");
    assert_eq!(processes.merged, report.run.totals.total);
    assert_eq!(report.run.notices, []);
    let rerun = report.tests[0].rerun.as_deref().unwrap_or_default();
    assert!(
        rerun.starts_with("cargo nextest run -p outcomes --test "),
        "{rerun}"
    );
}

fn the_last_attempt_of_nextest_counts() {
    let scratch = Scratch::new();
    let filter = "test(=nested::passes_at_the_second_attempt)";
    let arguments = [
        "nextest",
        "run",
        "--test",
        "outcomes",
        "--retries",
        "2",
        "-E",
        filter,
    ];
    let _ = scratch.cargo("out", &arguments).exits(0);
    let report = scratch.report("out");
    assert_eq!(by_outcome(&report), [(TestOutcome::Passed, 1)]);
    assert_eq!(
        report.run.processes.map(|processes| processes.merged),
        Some(2)
    );
}

fn a_process_of_nextest_that_dies_is_an_error_of_its_scenario() {
    let scratch = Scratch::new();
    let arguments = ["nextest", "run", "--no-fail-fast", "--test", "killed"];
    let _ = scratch.cargo("out", &arguments).exits(NEXTEST_FAILED);
    // It may have been the last to end; then nobody merges but who reads the report.
    let folder = Folder::open(&scratch.folder("out")).expect("it is a report folder");
    merge::merge_latest(&folder, &Options::default()).expect("it can be merged");
    let report = scratch.report("out");
    assert_eq!(
        by_outcome(&report),
        [(TestOutcome::Passed, 2), (TestOutcome::Errored, 1)]
    );
    assert_eq!(outcome(&report, "kills_its_process"), TestOutcome::Errored);
}

fn partitions_of_nextest_merge_into_one_report() {
    let scratch = Scratch::new();
    for (folder, partition) in [("first", "count:1/2"), ("second", "count:2/2")] {
        let arguments = [
            "nextest",
            "run",
            "--no-fail-fast",
            "--test",
            "outcomes",
            "--partition",
            partition,
        ];
        let _ = scratch.cargo(folder, &arguments).exits(NEXTEST_FAILED);
    }
    let shards = [scratch.folder("first"), scratch.folder("second")];
    let totals = shards
        .each_ref()
        .map(|folder| report(folder).run.totals.total);
    let whole = Folder::create(&scratch.folder("whole")).expect("it is missing");
    merge::merge(&shards, &whole, &Options::default()).expect("both are reports");
    let report = scratch.report("whole");
    assert_eq!(report.run.totals.total, 14, "{totals:?}");
    assert!(
        totals.iter().all(|part| (1..14).contains(part)),
        "{totals:?}"
    );
    assert_eq!(
        report.run.processes.and_then(|processes| processes.shards),
        Some(2)
    );
}

/// Tests under their own names, below a prefix.
macro_rules! checks {
    ($prefix:literal: $($check:ident),* $(,)?) => {
        vec![$((
            concat!($prefix, stringify!($check)).to_owned(),
            Box::new($check) as Box<dyn FnOnce() + Send>,
        )),*]
    };
}
use checks;

fn main() {
    let mut checks: Vec<Check> = checks![
        "cargo_test::":
        the_binaries_of_cargo_test_are_one_report,
        without_a_word_the_report_is_in_the_target_folder,
        a_process_that_dies_takes_no_scenario_with_it,
        a_process_that_dies_last_is_in_the_report_of_whoever_asks,
    ];
    checks.extend(secrets::checks());
    checks.extend(checks![
        "nextest::":
        the_processes_of_nextest_are_one_report,
        the_last_attempt_of_nextest_counts,
        a_process_of_nextest_that_dies_is_an_error_of_its_scenario,
        partitions_of_nextest_merge_into_one_report,
    ]);
    run_checks(checks)
}
