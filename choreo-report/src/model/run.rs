//! The run as a whole: when, where, of what, and what is missing from its report.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Extra, Millis, TestOutcome, Timestamp};

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Run {
    /// When the run began.
    pub started_at: Timestamp,
    /// When the report was written.
    pub finished_at: Timestamp,
    /// From one to the other, by a clock that does not jump.
    pub duration_ms: Millis,
    /// How many tests ended how; of all tests, also of those that the report does not show.
    pub totals: Totals,
    /// What the project is called.
    pub project_name: Option<String>,
    /// The transport of the whole run; none if there were several, which `transports` names then.
    pub transport: Option<String>,
    /// The transports of the run, sorted, if there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
    /// The file that allows endpoints outside this machine.
    pub allowlist_path: Option<String>,
    /// Empty: no Python ran. Reports of the Python tool have its version.
    pub python_version: String,
    /// The version of Choreo.
    pub harness_version: String,
    /// The version of what wrote the report.
    pub reporter_version: String,
    /// The commit of the project.
    pub git_sha: Option<String>,
    /// The branch of the project.
    pub git_branch: Option<String>,
    /// What the user calls the environment of this run.
    pub environment: Option<String>,
    /// The machine.
    pub hostname: String,
    /// How the Python tool spread its tests; none otherwise.
    pub xdist: Option<Xdist>,
    /// Something was dropped or cut: see `notices`.
    pub truncated: bool,
    /// What was taken out because it looked like a secret.
    pub redactions: Redactions,
    /// The operating system, such as `linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The processor, such as `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How many processors the run could use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// What built the tests, such as `rustc 1.95.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toolchain: Option<String>,
    /// The command that ran the tests, a word each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command_line: Vec<String>,
    /// The CI job that this was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci: Option<Ci>,
    /// Whether the project had changes that were not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_dirty: Option<bool>,
    /// The run was stopped before its end.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub interrupted: bool,
    /// What chance was drawn from, if it was fixed or something was left to it, and all processes drew from the
    /// same: `--seed` with this number repeats it. A text, because it may be too large for a number of JavaScript.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// The processes whose parts make up this report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Processes>,
    /// What a reader must know before trusting the rest: everything dropped, cut, lost or interrupted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What a slow scenario means for the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_policy: Option<SlowPolicy>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Run {
    /// A run from `started_at` to `finished_at`, of which nothing else is known.
    #[must_use]
    pub fn new(
        started_at: Timestamp,
        finished_at: Timestamp,
        duration_ms: impl Into<Millis>,
    ) -> Self {
        Self {
            started_at,
            finished_at,
            duration_ms: duration_ms.into(),
            totals: Totals::default(),
            project_name: None,
            transport: None,
            transports: Vec::new(),
            allowlist_path: None,
            python_version: String::new(),
            harness_version: env!("CARGO_PKG_VERSION").to_owned(),
            reporter_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_sha: None,
            git_branch: None,
            environment: None,
            hostname: String::new(),
            xdist: None,
            truncated: false,
            redactions: Redactions::default(),
            os: None,
            arch: None,
            cpus: None,
            toolchain: None,
            command_line: Vec::new(),
            ci: None,
            git_dirty: None,
            interrupted: false,
            seed: None,
            processes: None,
            notices: Vec::new(),
            slow_policy: None,
            extra: Extra::new(),
        }
    }
}

/// How many tests ended how. Every test is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Totals {
    /// As they should.
    pub passed: u64,
    /// Something that they expect did not hold.
    pub failed: u64,
    /// They could not be carried out, or their end is not known.
    pub errored: u64,
    /// They were not run.
    pub skipped: u64,
    /// They passed, with something over its budget; not counted as passed.
    pub slow: u64,
    /// All of them.
    pub total: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Totals {
    /// Counts a test.
    pub fn add(&mut self, outcome: TestOutcome) {
        self.total += 1;
        match outcome {
            TestOutcome::Passed => self.passed += 1,
            TestOutcome::Failed => self.failed += 1,
            TestOutcome::Errored => self.errored += 1,
            TestOutcome::Skipped => self.skipped += 1,
            TestOutcome::Slow => self.slow += 1,
        }
    }
}

/// How the Python tool spread its tests over processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Xdist {
    /// How many processes there were.
    pub workers: u64,
    /// Those whose results are lost.
    pub incomplete_workers: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Xdist {
    /// `workers` processes, all of them complete.
    #[must_use]
    pub fn new(workers: u64) -> Self {
        Self {
            workers,
            incomplete_workers: Vec::new(),
            extra: Extra::new(),
        }
    }
}

/// What was taken out because it looked like a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Redactions {
    /// Values that were replaced because of the name of their field.
    pub fields: u64,
    /// Parts of texts that were replaced because they look like a secret.
    pub stream_matches: u64,
    /// The version of the rules, such as `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction_version: Option<String>,
    /// How often each rule hit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The CI job that a run was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Ci {
    /// Such as `github`.
    pub provider: String,
    /// Where to look at the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The number of the pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The name of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// How often the pipeline was started, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Ci {
    /// A job of `provider`.
    #[must_use]
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            url: None,
            run_id: None,
            job: None,
            attempt: None,
            extra: Extra::new(),
        }
    }
}

/// The processes whose parts make up a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Processes {
    /// Whose part is in the report.
    pub merged: u64,
    /// That began and left no complete part.
    pub lost: u64,
    /// The machines among which the tests were divided, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Processes {
    /// So many processes, on one machine.
    #[must_use]
    pub fn new(merged: u64, lost: u64) -> Self {
        Self {
            merged,
            lost,
            shards: None,
            extra: Extra::new(),
        }
    }
}

/// One thing that a reader must know before trusting the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Notice {
    /// What kind of thing.
    pub kind: NoticeKind,
    /// In one sentence.
    pub text: String,
    /// How many things it concerns.
    pub count: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Notice {
    /// A notice that concerns `count` things.
    #[must_use]
    pub fn new(kind: NoticeKind, text: impl Into<String>, count: u64) -> Self {
        Self {
            kind,
            text: text.into(),
            count,
            extra: Extra::new(),
        }
    }
}

impl fmt::Display for Notice {
    /// The text, with the number if it does not name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.count > 1 && !self.text.contains(&self.count.to_string()) {
            write!(f, " ({})", self.count)?;
        }
        Ok(())
    }
}

words! {
    /// What a notice is about.
    pub enum NoticeKind or other {
        /// Something is not in the report.
        Dropped = "dropped",
        /// Something is in the report in part.
        Cut = "cut",
        /// A process died, or left a part that cannot be read.
        Lost = "lost",
        /// The run was stopped.
        Interrupted = "interrupted",
        /// Parts were merged, and some are missing.
        Merged = "merged",
        /// The report was written by a later version.
        Newer = "newer",
        /// The report was read from a file that is no strict JSON, and values in it were read as others.
        Replaced = "replaced",
    }
}

words! {
    /// What a slow scenario means for the run.
    pub enum SlowPolicy or other {
        /// It is shown, and the run still succeeds.
        Warn = "warn",
        /// It fails.
        Deny = "deny",
    }
}
