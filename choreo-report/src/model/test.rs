//! One test of a run.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{Extra, Millis, Scenario, TestOutcome, Timestamp};

/// One test of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Test {
    /// What identifies the test in the whole run.
    pub nodeid: String,
    /// The file that it is in, relative to the project.
    pub file: String,
    /// Its name in that file.
    pub name: String,
    /// The class around it, in reports of the Python tool.
    pub class: Option<String>,
    /// Marks of the Python tool.
    pub markers: Vec<String>,
    /// What its declaration says to Choreo.
    pub choreo_meta: Option<ChoreoMeta>,
    /// How it ended.
    pub outcome: TestOutcome,
    /// How long it took.
    pub duration_ms: Millis,
    /// Why it failed, in the words that a terminal shows; a text whenever it failed or errored.
    pub traceback: Option<String>,
    /// What it printed.
    pub stdout: String,
    /// What it printed as errors.
    pub stderr: String,
    /// What was logged.
    pub log: String,
    /// Why it was not run.
    pub skip_reason: Option<String>,
    /// The process of the Python tool in which it ran.
    pub worker_id: Option<String>,
    /// What it did; a Rust test has one.
    pub scenarios: Vec<Scenario>,
    /// The cargo package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The test target of the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where its function is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The row of values that it ran with, if it is data-driven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseRow>,
    /// Words by which it can be selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The command that runs this test alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun: Option<String>,
    /// The failure text, without colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_text: Option<String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The process in which it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessRef>,
    /// It failed and then passed. Reserved: not written yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaky: Option<bool>,
    /// How often it was run. Reserved: not written yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Test {
    /// A test with nothing but its outcome.
    #[must_use]
    pub fn new(
        nodeid: impl Into<String>,
        file: impl Into<String>,
        name: impl Into<String>,
        outcome: TestOutcome,
        duration_ms: impl Into<Millis>,
    ) -> Self {
        Self {
            nodeid: nodeid.into(),
            file: file.into(),
            name: name.into(),
            class: None,
            markers: Vec::new(),
            choreo_meta: None,
            outcome,
            duration_ms: duration_ms.into(),
            traceback: None,
            stdout: String::new(),
            stderr: String::new(),
            log: String::new(),
            skip_reason: None,
            worker_id: None,
            scenarios: Vec::new(),
            package: None,
            target: None,
            location: None,
            case: None,
            tags: Vec::new(),
            rerun: None,
            failure_text: None,
            started_at: None,
            process: None,
            flaky: None,
            attempts: None,
            extra: Extra::new(),
        }
    }
}

/// What the declaration of a test says to Choreo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChoreoMeta {
    /// How long its scenarios may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<Number>,
    /// Words by which it can be selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Location {
    /// The file, relative to the project.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Location {
    /// A place in `file`.
    #[must_use]
    pub fn new(file: impl Into<String>, line: u32, column: impl Into<Option<u32>>) -> Self {
        Self {
            file: file.into(),
            line,
            column: column.into(),
            extra: Extra::new(),
        }
    }
}

/// The row of values that a data-driven test ran with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CaseRow {
    /// Which of the rows of the test function, from 1: the number in the name of the test.
    pub number: u32,
    /// Which row of `file`, from 1 and without the header. Left out if the row is in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The file of rows, relative to the package, or the source file that has the row, relative to the project.
    pub file: String,
    /// Where in `file` the row starts, from 1.
    pub line: u32,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CaseRow {
    /// The row `number`, which is in the source.
    #[must_use]
    pub fn new(number: u32, file: impl Into<String>, line: u32) -> Self {
        Self {
            number,
            row: None,
            file: file.into(),
            line,
            extra: Extra::new(),
        }
    }
}

impl fmt::Display for CaseRow {
    /// As people read it behind `case: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number, file, line, ..
        } = self;
        match self.row {
            Some(row) => write!(f, "row {row} of {file}, line {line}"),
            None => write!(f, "number {number}, at {file}:{line}"),
        }
    }
}

/// The process in which a test ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProcessRef {
    /// What tells it from the other processes of the run.
    pub id: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ProcessRef {
    /// The process `id`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            extra: Extra::new(),
        }
    }
}
