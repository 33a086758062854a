//! Reads reports of the versions 1, 1.1, 1.2, 1.3 and 1.4, and of later minor versions as far as they are known.
//!
//! What is read is strict JSON, and what the Python tool writes in its place: the words `NaN`, `Infinity` and
//! `-Infinity`, and halves of surrogate pairs. Those are read as texts, of which notices tell. All else is an error
//! that says what is wrong, where, and what to do.

mod lenient;
mod strict;
mod version;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::lenient::Replaced;
use crate::model::{Notice, NoticeKind, Report, SCHEMA_VERSION};

pub use self::version::Version;

/// A report that was read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// What it says.
    pub report: Report,
    /// The version that it was written in.
    pub version: Version,
    /// What a reader should know about the reading: it was written by a later version, or is no strict JSON and holds
    /// values that were read as others.
    pub notices: Vec<Notice>,
}

impl Loaded {
    /// Whether it was strict JSON. Else the report holds values that were read as others.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        !self.notices.iter().any(is_replaced)
    }

    /// The report for those who write it anew: it tells itself which of its values were read as others.
    #[must_use]
    pub fn into_report(mut self) -> Report {
        let replaced = self.notices.into_iter().filter(is_replaced);
        self.report.run.notices.extend(replaced);
        self.report
    }
}

fn is_replaced(notice: &Notice) -> bool {
    notice.kind == NoticeKind::Replaced
}

/// A report could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The text is no JSON.
    #[error("this is no strict JSON: {problem} (line {line}, column {column})")]
    NotJson {
        /// What is wrong and, where that is known, what to do.
        problem: String,
        /// Where, from 1.
        line: usize,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// The JSON is no report.
    #[error(
        "this is no report that can be read: at `{path}`: {problem} (line {line}, column {column})"
    )]
    NotReport {
        /// Where in the report, such as `tests[3].scenarios[0].outcome`; `.` is the whole report.
        path: String,
        /// What is wrong there.
        problem: String,
        /// Where in the text, from 1.
        line: usize,
        /// Where in the text, in bytes from 1.
        column: usize,
    },
    /// It is a report of another format.
    #[error(
        "the report is of version `{found}`; versions 1 to {SCHEMA_VERSION}, and later ones that begin with `1.`, can be read"
    )]
    Version {
        /// What it says about its version.
        found: String,
    },
}

/// Reads the report in the file at `path`.
///
/// # Errors
///
/// When the file cannot be read, or holds no report; see [`ReadError`].
pub fn from_path(path: &Path) -> Result<Loaded, ReadError> {
    let bytes = fs::read(path).map_err(|source| ReadError::File {
        path: path.to_owned(),
        source,
    })?;
    from_slice(&bytes)
}

/// Reads a report from its JSON.
///
/// # Errors
///
/// When it is no JSON, no report, or one of another major version; see [`ReadError`].
pub fn from_slice(json: &[u8]) -> Result<Loaded, ReadError> {
    let json = strict::without_mark(json);
    let (report, mut notices): (Report, _) = match serde_json::from_slice(json) {
        Ok(report) => (report, Vec::new()),
        Err(error) => match Replaced::of(json) {
            Some(replaced) => from_replaced(&replaced)?,
            None => return Err(explain(json, &error)),
        },
    };
    let version = Version::parse(&report.schema_version)?;
    if version.is_newer() {
        let text = format!(
            "the report is of version {version}, this reader knows {SCHEMA_VERSION}: it does not show what is new"
        );
        notices.push(Notice::new(NoticeKind::Newer, text, 1));
    }
    Ok(Loaded {
        report,
        version,
        notices,
    })
}

/// Reads what is no strict JSON. Errors have the place in the original.
fn from_replaced(replaced: &Replaced) -> Result<(Report, Vec<Notice>), ReadError> {
    let error = match serde_json::from_slice(&replaced.json) {
        Ok(report) => return Ok((report, replaced.notices())),
        Err(error) => error,
    };
    let mut explained = explain(&replaced.json, &error);
    if let ReadError::NotJson { line, column, .. } | ReadError::NotReport { line, column, .. } =
        &mut explained
    {
        (*line, *column) = replaced.place(*line, *column);
    }
    if let ReadError::NotReport { problem, .. } = &mut explained {
        *problem = lenient::without_quotes(problem);
    }
    Err(explained)
}

/// Why reading failed, in the order in which it helps: no JSON at all, another format, a wrong field.
fn explain(json: &[u8], error: &serde_json::Error) -> ReadError {
    if let Some(problem) = strict::problem(json) {
        return problem;
    }
    if let Some(Err(unknown)) = version::of(json).map(|found| Version::parse(&found)) {
        return unknown;
    }
    // The second reading knows where it is, and takes longer.
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    match serde_path_to_error::deserialize::<_, Report>(&mut deserializer) {
        Err(found) => {
            let path = found.path().to_string();
            strict::not_report(path, &found.into_inner())
        }
        // It went wrong in another way than before, which cannot be: say what is known.
        Ok(_) => strict::not_report(".".to_owned(), error),
    }
}

#[cfg(test)]
mod tests;
