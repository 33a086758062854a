//! The lines of a partial.

use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::plan::{Planned, Runner};
use crate::model::{Notice, Redactions, Run, Test, TestOutcome, Timestamp};
use crate::omitted;
use crate::write::depth;

/// The version of these lines. A merge reads no others: all processes of a run are of one build, or nearly.
pub(crate) const FORMAT: u32 = 1;

/// The first line: who writes, and what it is going to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    pub(crate) format: u32,
    /// What tells this process from the others of the run; the name of its file.
    pub process: String,
    /// Its number on its machine.
    pub pid: u32,
    /// Of a test that is retried, from 1.
    pub attempt: u32,
    /// What started it.
    pub runner: Runner,
    /// The cargo package, where it is known.
    pub package: Option<String>,
    /// The test target.
    pub target: String,
    /// When the process began, and all that it knows of the run.
    pub run: Run,
    /// The tests that it is going to run, or to show as ignored.
    pub tests: Vec<Planned>,
}

impl Header {
    /// The process `pid`, which is going to run `tests` of `target`. The first attempt, started by cargo.
    #[must_use]
    pub fn new(pid: u32, target: impl Into<String>, run: Run, tests: Vec<Planned>) -> Self {
        Self {
            format: FORMAT,
            process: format!("{:x}-{pid}", run.started_at.as_micros()),
            pid,
            attempt: 1,
            runner: Runner::Cargo,
            package: None,
            target: target.into(),
            run,
            tests,
        }
    }
}

/// A test begins.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) index: usize,
    pub(crate) at: Timestamp,
}

/// A test ended: the whole test, and beside it what a merge needs to know first.
#[derive(Debug, Deserialize)]
pub(crate) struct TestLine<'a> {
    pub(crate) index: usize,
    pub(crate) outcome: TestOutcome,
    /// Names of the transports that it used.
    #[serde(default)]
    pub(crate) transports: Vec<String>,
    /// It has several transports.
    #[serde(default)]
    pub(crate) stage: bool,
    #[serde(default)]
    pub(crate) redactions: Option<Redactions>,
    /// What it does not show whole, but for values that nested too deep.
    #[serde(default)]
    pub(crate) omitted: Vec<Notice>,
    /// So many values of it nested too deep and are not whole.
    #[serde(default)]
    pub(crate) cut: u64,
    #[serde(borrow)]
    pub(crate) test: &'a RawValue,
}

/// The same to be written, but for the test itself and `cut`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    index: usize,
    outcome: TestOutcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transports: Vec<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    redactions: Option<Redactions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omitted: Vec<Notice>,
}

/// Appends the line of a test that ended.
pub(super) fn append_test(
    line: &mut Vec<u8>,
    index: usize,
    test: &Test,
    redactions: Redactions,
) -> io::Result<()> {
    let mut transports: Vec<&str> = Vec::new();
    for scenario in &test.scenarios {
        match &scenario.stage {
            Some(stage) => transports.extend(stage.transports.iter().map(String::as_str)),
            None => transports.extend(scenario.transports.iter().map(|used| used.name.as_str())),
        }
    }
    transports.sort_unstable();
    transports.dedup();
    let summary = Summary {
        index,
        outcome: test.outcome,
        transports,
        stage: test
            .scenarios
            .iter()
            .any(|scenario| scenario.stage.is_some()),
        redactions: (!redactions.rules.is_empty()).then_some(redactions),
        omitted: omitted::of(test),
    };
    line.extend_from_slice(br#"{"test":"#);
    serde_json::to_writer(&mut *line, &summary)?;
    // The test is a field of the summary. How much of it was cut is known once it is written.
    line.pop();
    line.extend_from_slice(br#","test":"#);
    let cut = depth::append_test(line, test)?;
    writeln!(line, r#","cut":{cut}}}}}"#)
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    /// The process was stopped from outside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) interrupted: bool,
    /// What concerns the process as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notices: Vec<Notice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) git: Option<Git>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allowlist: Option<String>,
}

/// The state of the project's repository. One process of a run asks for it and tells it at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Git {
    /// The commit.
    pub sha: Option<String>,
    /// The branch; none if none is checked out.
    pub branch: Option<String>,
    /// Whether there are changes that were not committed.
    pub dirty: Option<bool>,
}

/// Any line, as a merge reads it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    Process(Box<Header>),
    Started(Started),
    #[serde(borrow)]
    Test(TestLine<'a>),
    End(End),
}

/// Any other line than that of a test, as a process writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Written<'a> {
    Process(&'a Header),
    Started(Started),
    End(End),
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::Millis;

    /// A process that is going to run these tests of `shop`, one for each line of `orders.rs`.
    pub(crate) fn header(process: &str, names: &[&str]) -> Header {
        let start = "2026-01-31T12:00:00Z".parse().expect("a time");
        let tests = (1..)
            .zip(names)
            .map(|(line, name)| Planned::new(*name, "tests/orders.rs", line))
            .collect();
        let mut header = Header::new(7, "orders", Run::new(start, start, Millis::ZERO), tests);
        header.process = process.to_owned();
        header.package = Some("shop".to_owned());
        header
    }

    #[test]
    fn processes_have_names_that_sort_by_their_beginning() {
        let at = |text: &str| {
            let start = text.parse().expect("a time");
            Header::new(7, "t", Run::new(start, start, Millis::ZERO), Vec::new()).process
        };
        assert!(at("2026-01-31T12:00:00Z") < at("2026-01-31T12:00:00.000001Z"));
    }
}
