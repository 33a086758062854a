//! What the runner is told about a scenario.

use std::fmt;
use std::pin::Pin;

use choreo_report::model::{CaseRow, ScenarioRecord};

use crate::resource::Resource;

/// An owned future that can be moved between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One registered scenario. All of it is known at compile time, so that a macro can put it into a
/// static.
pub struct Case {
    /// The name of the scenario, without its module: the name of its function, or the one that
    /// replaces it.
    pub name: &'static str,
    /// The path of the module that contains it, as `module_path!()` gives it: with the crate.
    pub module: &'static str,
    /// The source file, as `file!()` gives it.
    pub file: &'static str,
    /// The line of the scenario in `file`, from 1.
    pub line: u32,
    /// The row of values that it runs with; `None` if its function takes none.
    pub row: Option<Row>,
    /// Words to select scenarios by (`--tag`).
    pub tags: &'static [&'static str],
    /// Why the scenario is not run unless asked for; the text may be empty.
    pub ignore: Option<&'static str>,
    /// Why the scenario must not pass; the text may be empty.
    pub should_fail: Option<&'static str>,
    /// What a slow outcome means for this scenario; `None` leaves it to the run.
    pub slow: Option<SlowPolicy>,
    /// Gives what the scenario needs opened before it can run.
    pub resource: fn() -> &'static dyn Resource,
    /// Runs the scenario. Called at most once per run, after the resource was opened.
    pub run: fn(RunContext) -> BoxFuture<'static, ScenarioRecord>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("module", &self.module)
            .field("file", &self.file)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A row of values that a scenario runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which of the rows of the scenario's function, from 1: the number in the case's name.
    pub number: u32,
    /// Which row of `file`, from 1 and without the header; `None` if the row is in the source.
    pub in_file: Option<u32>,
    /// The file of rows as the scenario names it, or the source file, as `file!()` gives it.
    pub file: &'static str,
    /// The line in `file` on which the row starts, from 1.
    pub line: u32,
}

impl From<Row> for CaseRow {
    fn from(row: Row) -> Self {
        let mut record = Self::new(row.number, row.file, row.line);
        record.row = row.in_file;
        record
    }
}

impl fmt::Display for Row {
    /// As people read it behind `case: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CaseRow::from(*self).fmt(f)
    }
}

/// What it means for a run that a scenario was right but over its latency budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlowPolicy {
    /// It is shown, and the run still succeeds.
    #[default]
    Warn,
    /// The scenario fails.
    Deny,
}

impl From<SlowPolicy> for choreo_report::model::SlowPolicy {
    fn from(policy: SlowPolicy) -> Self {
        match policy {
            SlowPolicy::Warn => Self::Warn,
            SlowPolicy::Deny => Self::Deny,
        }
    }
}

/// What a scenario is told about the run that it is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunContext {
    /// The full name of the test, as filters see it.
    pub name: String,
    /// The source file of the scenario.
    pub file: &'static str,
    /// The line of the scenario in `file`, from 1.
    pub line: u32,
    /// The row of values that it runs with, for failure texts.
    pub row: Option<Row>,
    /// Whether failure texts may contain ANSI colours.
    pub color: bool,
    /// Whether a report is written, which shows the [`detail`](ScenarioRecord::detail) of the record.
    pub detail: bool,
}

inventory::collect!(Case);
