//! One report from the parts of many processes, or from the reports of many machines.
//!
//! A merge goes over the parts twice: first to see which tests there are (an index), then to copy
//! them into the report one after the other. It holds one test at a time, whatever their number.

mod auto;
mod emit;
mod facts;
mod index;
mod input;
mod lost;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use self::auto::{When, finish_process, finish_process_with, merge_latest};
use self::index::{Index, Life};
use crate::folder::{Folder, FolderError};
use crate::model::{Run, Test};
use crate::partial::RunFolder;
use crate::read::ReadError;
use crate::write::WriteFileError;

/// What a merge writes and gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether the page for people is written too; it is unless this is changed.
    #[cfg(feature = "html")]
    pub page: bool,
    /// Whether `junit.xml` is written too.
    #[cfg(feature = "junit")]
    pub junit: bool,
    /// So many failing tests are given back.
    pub failures: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            #[cfg(feature = "html")]
            page: true,
            #[cfg(feature = "junit")]
            junit: false,
            failures: 20,
        }
    }
}

/// A report that was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Merged {
    /// The run, with its totals and notices.
    pub run: Run,
    /// The first failing tests.
    pub failures: Vec<Test>,
    /// The report for programs.
    pub results: PathBuf,
    /// The report for people, if it was asked for.
    pub page: Option<PathBuf>,
}

/// Why parts could not be merged. The last report stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The report folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A part cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A report cannot be read.
    #[error("{}: {source}", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A file of the report cannot be written.
    #[error(transparent)]
    Write(#[from] WriteFileError),
    /// There is nothing to merge.
    #[error("{} holds neither a report nor a part of one", path.display())]
    Nothing {
        /// Where it was looked for.
        path: PathBuf,
    },
}

/// Merges reports and parts of reports into one: the last end of a test counts.
///
/// An input is a report folder, a `results.json` of any version, a folder of partials or a single partial. In a
/// report folder the partials of the newest run count if its last report does not have all of them.
///
/// # Errors
///
/// [`MergeError`] if an input cannot be read, or the report not be written.
pub fn merge(inputs: &[PathBuf], into: &Folder, options: &Options) -> Result<Merged, MergeError> {
    let _lock = into.lock()?;
    let mut index = Index::default();
    let mut scratch = Vec::new();
    for path in inputs {
        input::add(&mut index, path, into, &mut scratch)?;
    }
    let nothing = || MergeError::Nothing {
        path: inputs.first().cloned().unwrap_or_default(),
    };
    emit::report(index, into, options)?.ok_or_else(nothing)
}

/// Adds the parts of one run. Returns how many there are of processes that have ended and that have died.
fn add_run(index: &mut Index, run: &RunFolder) -> Result<(usize, usize), MergeError> {
    let found = run.find()?;
    for path in &found.finished {
        index.add_partial(path, Life::Ended)?;
    }
    for path in &found.left {
        index.add_partial(path, Life::Ended)?;
    }
    for path in &found.alive {
        index.add_partial(path, Life::Alive)?;
    }
    Ok((found.finished.len(), found.left.len()))
}

fn cannot_read(path: &Path) -> impl Fn(io::Error) -> MergeError {
    let path = path.to_owned();
    move |source| MergeError::Read {
        path: path.clone(),
        source,
    }
}
