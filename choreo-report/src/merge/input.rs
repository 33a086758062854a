//! What can be merged: report folders, reports, folders of partials, partials.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::auto::{is_merged, newest};
use super::index::{Index, Life};
use super::{MergeError, add_run, cannot_read};
use crate::folder::{Folder, RESULTS};
use crate::model::{Notice, NoticeKind, Test, TestOutcome};
use crate::partial::{Place, RunFolder};
use crate::read;

/// Adds what is at a path.
pub(super) fn add(
    index: &mut Index,
    path: &Path,
    into: &Folder,
    scratch: &mut Vec<Scratch>,
) -> Result<(), MergeError> {
    let there = fs::metadata(path).map_err(cannot_read(path))?;
    if !there.is_dir() {
        return if path.extension() == Some(OsStr::new("jsonl")) {
            index.add_partial(path, Life::Ended)
        } else {
            add_report(index, path, into, scratch)
        };
    }
    // Uploads of CI servers leave files out whose names begin with a dot, so the sentinel may be missing.
    let results = path.join(RESULTS);
    if let Some(run) = newest(&Folder::unmarked(path))?
        && (!is_merged(&run)? || !results.is_file())
    {
        return add_run(index, &run).map(drop);
    }
    if results.is_file() {
        return add_report(index, &results, into, scratch);
    }
    let run = RunFolder::at(path);
    let found = run.find()?;
    if found.finished.is_empty() && found.left.is_empty() {
        return Err(MergeError::Nothing {
            path: path.to_owned(),
        });
    }
    add_run(index, &run).map(drop)
}

/// Adds a whole report. Its tests go into a file of lines, so that only one report at a time is in memory.
fn add_report(
    index: &mut Index,
    path: &Path,
    into: &Folder,
    scratch: &mut Vec<Scratch>,
) -> Result<(), MergeError> {
    let read = read::from_path(path).map_err(|source| MergeError::Report {
        path: path.to_owned(),
        source,
    })?;
    let report = read.into_report();
    let partials = into.partials()?;
    fs::create_dir_all(&partials).map_err(cannot_read(&partials))?;
    let name = format!(".shard-{}-{}", std::process::id(), scratch.len());
    let copy = partials.join(name);
    let file = File::create(&copy).map_err(cannot_read(&copy))?;
    scratch.push(Scratch(copy.clone()));
    let source = index.add_source(copy.clone());
    let mut file = BufWriter::new(file);
    let mut run = report.run;
    if run.truncated && run.notices.is_empty() {
        // Version 1.3 does not say what is missing.
        let text = "the report is not complete";
        run.notices.push(Notice::new(NoticeKind::Cut, text, 1));
    }
    let (mut offset, mut line) = (0, Vec::new());
    for (number, test) in report.tests.iter().enumerate() {
        line.clear();
        let value = Line::Test(ShardTest {
            index: number,
            outcome: test.outcome,
            test,
        });
        serde_json::to_writer(&mut line, &value)
            .map_err(Into::into)
            .and_then(|()| {
                line.push(b'\n');
                file.write_all(&line)
            })
            .map_err(cannot_read(&copy))?;
        let bytes = line.len();
        index.add_line(test, &line, source, Place { offset, bytes }, &mut run);
        offset += bytes as u64;
    }
    file.flush().map_err(cannot_read(&copy))?;
    index.facts.add_report(run);
    Ok(())
}

/// A line of a partial, of which only the test matters here.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Test(ShardTest<'a>),
}

#[derive(Serialize)]
struct ShardTest<'a> {
    index: usize,
    outcome: TestOutcome,
    test: &'a Test,
}

/// A file that is deleted when it is not needed any more.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
