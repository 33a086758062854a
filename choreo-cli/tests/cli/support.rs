//! Runs the command, and makes reports for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use choreo_report::model::{
    Cause, CauseKind, Handle, Outcome, Report, Run, Scenario, Test, TestOutcome, Timestamp,
};
use serde_json::Value;

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The command, in an environment without ours.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_choreo"));
    for name in [
        "CHOREO_REPORT_DIR",
        "CHOREO_CHRONICLE_TOKEN",
        "CHOREO_CHRONICLE_TENANT",
        "CARGO_TARGET_DIR",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn choreo(arguments: &[&str]) -> Done {
    run(command().args(arguments))
}

/// A report of an earlier version that `choreo-report` is tested with.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../choreo-report/tests/golden")
        .join(name)
}

/// What a schema says against a report.
pub(crate) fn mistakes(schema: &str, report: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    let mistakes = validator.iter_errors(report);
    mistakes.map(|mistake| mistake.to_string()).collect()
}

/// A report with these tests: name, outcome, latency of its expectation in milliseconds.
pub(crate) fn report(tests: &[(&str, Outcome, u64)]) -> Report {
    let start: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    let mut run = Run::new(start, start, Duration::from_secs(1));
    let tests: Vec<_> = tests
        .iter()
        .map(|(name, outcome, latency)| {
            let ms = Duration::from_millis(*latency);
            let mut handle = Handle::new("orders.processed", *outcome);
            handle.latency_ms = Some(ms.into());
            handle.budget_ms = Some(Duration::from_millis(50).into());
            if outcome.is_failure() {
                let text = format!("nothing came for {name}");
                handle.cause = Some(Cause::new(CauseKind::Routing, text));
            }
            let mut scenario = Scenario::new(*name, *outcome, ms);
            scenario.handles.push(handle);
            let id = format!("shop::{name}");
            let mut test = Test::new(id, "tests/shop.rs", *name, TestOutcome::from(*outcome), ms);
            if outcome.is_failure() {
                test.failure_text = Some(format!("TIMEOUT  {name}\n  the text of {name}"));
            }
            run.totals.add(test.outcome);
            test.scenarios.push(scenario);
            test
        })
        .collect();
    Report::new(run, tests)
}

/// Writes it to a file.
pub(crate) fn save(report: &Report, folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    choreo_report::write::to_path(&path, report).unwrap();
    path.display().to_string()
}
