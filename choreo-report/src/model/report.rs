//! The whole report.

use serde::{Deserialize, Serialize};

use super::{Extra, Run, Test};

/// The version of the format that this crate writes.
pub const SCHEMA_VERSION: &str = "1.4";

/// What one run left behind.
///
/// This holds all tests in memory. To write a run of any size, see [`write::ReportWriter`](crate::write::ReportWriter).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// The version of the format.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA_VERSION)))]
    pub schema_version: String,
    /// The run as a whole.
    pub run: Run,
    /// Every test that was selected.
    pub tests: Vec<Test>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Report {
    /// A report of this crate's version.
    #[must_use]
    pub fn new(run: Run, tests: Vec<Test>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            run,
            tests,
            extra: Extra::new(),
        }
    }
}
