//! `--format json`: one event for each line, as libtest writes them, with what a scenario adds.
//!
//! Programs that read libtest's events find all of theirs, word for word; ours are in the field `choreo` of
//! events that libtest has too, where such programs do not look. The events are described in the documentation
//! of the crate.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use choreo_report::model::{HandleRecord, Millis, Outcome};
use choreo_report::redact::Redactor;
use serde::Serialize;

use crate::output::{Output, Step};
use crate::redacted::redacted;
use crate::registry::Test;
use crate::select::{Selected, Selection};
use crate::skips::Skips;
use crate::verdict::{Kind, Status, Verdict};

/// Prints a run as events.
///
/// As on the console, nobody can be told that the output is gone.
pub(crate) struct Json<'a> {
    out: Box<dyn Write>,
    /// What the order of the tests was drawn from, if it was.
    shuffle: Option<u64>,
    tests: &'a [Selected],
    filtered_out: usize,
    /// When each test began.
    started: Vec<Option<Instant>>,
    passed: usize,
    failed: usize,
    ignored: usize,
    /// What stopped the run.
    interrupted: Option<String>,
    /// The events have no place for the reasons as people read them.
    skips: Skips,
}

/// What a scenario adds to the event of its end.
#[derive(Serialize)]
struct Ended {
    /// What the summary counts it as.
    outcome: &'static str,
    file: &'static str,
    line: u32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'static [&'static str],
    /// Of the body of the scenario, if it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handles: Vec<Handle>,
}

#[derive(Serialize)]
struct Handle {
    topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_ms: Option<Millis>,
}

impl Handle {
    fn new(handle: &HandleRecord, redactor: &mut Redactor) -> Self {
        Self {
            topic: redacted(&handle.topic, redactor),
            transport: handle.transport.clone(),
            outcome: handle.outcome,
            latency_ms: handle.latency.map(Millis::from),
            budget_ms: handle.budget.map(Millis::from),
        }
    }
}

/// What Choreo adds to the event of the end of the run.
#[derive(Serialize)]
struct EndedRun<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Path>,
}

impl<'a> Json<'a> {
    pub(crate) fn new(out: Box<dyn Write>, shuffle: Option<u64>, selection: &'a Selection) -> Self {
        Self {
            out,
            shuffle,
            tests: &selection.tests,
            filtered_out: selection.filtered_out,
            started: vec![None; selection.tests.len()],
            passed: 0,
            failed: 0,
            ignored: 0,
            interrupted: None,
            skips: Skips::default(),
        }
    }

    /// Scenarios that could not run here.
    pub(crate) fn skips(&self) -> &Skips {
        &self.skips
    }

    fn started(&mut self, index: usize) {
        let (Some(selected), Some(slot)) = (self.tests.get(index), self.started.get_mut(index))
        else {
            return;
        };
        // Also of tests that are only shown as ignored, as libtest does.
        if slot.is_none() {
            *slot = Some(Instant::now());
            let name = string(&selected.test.name);
            self.line(&format!(
                r#"{{ "type": "test", "event": "started", "name": {name} }}"#
            ));
        }
    }

    fn finished(&mut self, index: usize, verdict: &Verdict) {
        self.started(index);
        let Some(selected) = self.tests.get(index) else {
            return;
        };
        let test = &selected.test;
        let text = verdict.text.as_deref();
        let mut redactor = Redactor::of_process();
        let event = match verdict.status {
            Status::Passed => {
                self.passed += 1;
                "ok"
            }
            Status::Failed => {
                self.failed += 1;
                "failed"
            }
            Status::Ignored => {
                self.ignored += 1;
                "ignored"
            }
        };
        if verdict.kind == Kind::Skipped {
            let reason = redacted(text.unwrap_or_default(), &mut redactor);
            self.skips.add(&reason);
        }
        let mut line = format!(
            r#"{{ "type": "test", "name": {}, "event": "{event}""#,
            string(&test.name)
        );
        if verdict.status != Status::Ignored
            && let Some(Some(started)) = self.started.get(index)
        {
            add(
                &mut line,
                "exec_time",
                &format!("{:.9}", started.elapsed().as_secs_f64()),
            );
        }
        match verdict.status {
            Status::Failed => {
                let text = redacted(text.unwrap_or_default(), &mut redactor);
                add(&mut line, "stdout", &string(&text));
            }
            Status::Ignored => {
                let why = text.or(test.case.ignore).filter(|why| !why.is_empty());
                if let Some(why) = why {
                    let why = redacted(why, &mut redactor);
                    add(&mut line, "message", &string(&why));
                }
            }
            Status::Passed => {}
        }
        let ended = ended(test, verdict, &mut redactor);
        add(&mut line, "choreo", &value(&ended));
        line.push_str(" }");
        self.line(&line);
    }

    /// Writes in one go, as scenarios may print at the same time.
    fn line(&mut self, line: &str) {
        let _ = self
            .out
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.out.flush());
    }
}

impl Output for Json<'_> {
    fn begin(&mut self) {
        let tests = self.tests.len();
        let mut line = format!(r#"{{ "type": "suite", "event": "started", "test_count": {tests}"#);
        if let Some(seed) = self.shuffle {
            add(&mut line, "shuffle_seed", &value(&seed));
        }
        line.push_str(" }");
        self.line(&line);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Started(index) => self.started(*index),
            Step::Lingers(index) => {
                if let Some(selected) = self.tests.get(*index) {
                    let name = string(&selected.test.name);
                    self.line(&format!(
                        r#"{{ "type": "test", "event": "timeout", "name": {name} }}"#
                    ));
                }
            }
            Step::Finished(index, verdict) => self.finished(*index, verdict),
            Step::Interrupted(signal, _) => self.interrupted = Some(signal.to_string()),
        }
    }

    fn end(&mut self, elapsed: Duration, report: Option<&Path>) -> bool {
        let succeeded = self.failed == 0 && self.interrupted.is_none();
        let event = if succeeded { "ok" } else { "failed" };
        let mut line = format!(
            r#"{{ "type": "suite", "event": "{event}", "passed": {}, "failed": {}, "ignored": {}, "measured": 0, "filtered_out": {}, "exec_time": {:.9}"#,
            self.passed,
            self.failed,
            self.ignored,
            self.filtered_out,
            elapsed.as_secs_f64()
        );
        let added = EndedRun {
            interrupted: self.interrupted.as_deref(),
            report,
        };
        if added.interrupted.is_some() || added.report.is_some() {
            add(&mut line, "choreo", &value(&added));
        }
        line.push_str(" }");
        self.line(&line);
        succeeded
    }
}

fn ended(test: &Test, verdict: &Verdict, redactor: &mut Redactor) -> Ended {
    let handles = verdict.handles().iter();
    Ended {
        outcome: match verdict.kind {
            Kind::Outcome(Outcome::Pass) => "pass",
            Kind::Outcome(Outcome::Slow) => "slow",
            Kind::Outcome(Outcome::Fail) => "fail",
            Kind::Outcome(Outcome::Timeout) => "timeout",
            // The enum may grow; what is not known here is no success.
            Kind::Outcome(_) => "error",
            Kind::ExpectedFailure => "expected_failure",
            Kind::Skipped => "skipped",
            Kind::NotRun => "not_run",
            Kind::Ignored => "ignored",
        },
        file: test.case.file,
        line: test.case.line,
        tags: test.case.tags,
        duration_ms: verdict.record.as_ref().map(|record| record.duration.into()),
        handles: handles.map(|it| Handle::new(it, redactor)).collect(),
    }
}

fn add(line: &mut String, field: &str, json: &str) {
    // A string takes any text.
    let _ = write!(line, r#", "{field}": {json}"#);
}

fn string(text: &str) -> String {
    value(&text)
}

/// What is written here has string keys and finite numbers only, so that it always has a form in JSON; a path
/// that is no Unicode has none, and is left out.
fn value(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}
