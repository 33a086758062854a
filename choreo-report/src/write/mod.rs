//! Writes reports: strict JSON, one test after the other, and files that are complete or not there.
//!
//! The run comes after the tests, because how it went is known only then; the order of fields means nothing in
//! JSON. Strings are valid Unicode and numbers finite by their types. What nests deeper than a reader may
//! follow is cut, and the report says so.

pub(crate) mod depth;
mod file;

use std::io::{self, Write};
use std::path::Path;

use crate::model::{
    Extra, Notice, NoticeKind, Report, Run, SCHEMA_VERSION, Test, TestOutcome, Totals,
};

pub use self::file::{AtomicFile, WriteFileError};

/// Writes a report test by test, without holding more than one.
///
/// ```
/// use choreo_report::model::{Millis, Run, Test, TestOutcome, Timestamp};
/// use choreo_report::write::ReportWriter;
///
/// let mut writer = ReportWriter::new(Vec::new())?;
/// writer.test(&Test::new("a::b", "tests/a.rs", "b", TestOutcome::Passed, Millis::ZERO))?;
/// let run = Run::new(Timestamp::now(), Timestamp::now(), Millis::ZERO);
/// let (json, totals) = writer.finish(run)?;
/// assert_eq!(totals.passed, 1);
/// assert!(choreo_report::read::from_slice(&json).is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ReportWriter<W: Write> {
    out: W,
    /// One test, reused.
    buffer: Vec<u8>,
    totals: Totals,
    /// Tests that were counted and not written.
    left_out: u64,
    written: u64,
    cut: u64,
}

impl<W: Write> ReportWriter<W> {
    /// Begins a report. `out` gets a write for each test.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written.
    pub fn new(mut out: W) -> io::Result<Self> {
        write!(out, r#"{{"schema_version":"{SCHEMA_VERSION}","tests":["#)?;
        Ok(Self {
            out,
            buffer: Vec::new(),
            totals: Totals::default(),
            left_out: 0,
            written: 0,
            cut: 0,
        })
    }

    /// Writes a test and counts it.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written. The report is broken then.
    pub fn test(&mut self, test: &Test) -> io::Result<()> {
        self.buffer.clear();
        if self.written > 0 {
            self.buffer.push(b',');
        }
        self.cut += depth::append_test(&mut self.buffer, test)?;
        self.out.write_all(&self.buffer)?;
        self.written += 1;
        self.totals.add(test.outcome);
        Ok(())
    }

    /// Writes a test that is JSON of this writer already, and counts it.
    pub(crate) fn json(&mut self, test: &str, outcome: TestOutcome) -> io::Result<()> {
        if self.written > 0 {
            self.out.write_all(b",")?;
        }
        self.out.write_all(test.as_bytes())?;
        self.written += 1;
        self.totals.add(outcome);
        Ok(())
    }

    /// Counts a test that the report does not show. The report will say how many those are.
    pub fn leave_out(&mut self, outcome: TestOutcome) {
        self.left_out += 1;
        self.totals.add(outcome);
    }

    /// The tests so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Ends the report with `run`, whose totals are those of the tests. Gives back `out`, flushed.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written.
    pub fn finish(self, mut run: Run) -> io::Result<(W, Totals)> {
        run.totals = self.totals.clone();
        let totals = run.totals.clone();
        Ok((self.end(run, &Extra::new())?, totals))
    }

    fn end(mut self, mut run: Run, extra: &Extra) -> io::Result<W> {
        // Before the run is written, so that it can say what was cut.
        self.buffer.clear();
        for (name, value) in extra {
            self.buffer.push(b',');
            serde_json::to_writer(&mut self.buffer, name)?;
            self.buffer.push(b':');
            self.cut += depth::append_any(&mut self.buffer, value, 1)?;
        }
        let extra = std::mem::take(&mut self.buffer);
        self.cut += depth::append_any(&mut self.buffer, &run, 1)?;
        if self.left_out > 0 {
            run.truncated = true;
            let text = "tests are counted and not shown";
            run.notices
                .push(Notice::new(NoticeKind::Dropped, text, self.left_out));
        }
        if self.cut > 0 {
            run.truncated = true;
            let text = "values were nested too deep and are shown in part";
            run.notices
                .push(Notice::new(NoticeKind::Cut, text, self.cut));
        }
        self.buffer.clear();
        depth::append_any(&mut self.buffer, &run, 1)?;
        self.out.write_all(br#"],"run":"#)?;
        self.out.write_all(&self.buffer)?;
        self.out.write_all(&extra)?;
        self.out.write_all(b"}")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes a report that is in memory as it is: its totals stay, also where it was read from a file that does
/// not show every test. The version becomes this crate's.
///
/// # Errors
///
/// When `out` does not take what is written.
pub fn to_writer(out: impl Write, report: &Report) -> io::Result<()> {
    let mut writer = ReportWriter::new(out)?;
    for test in &report.tests {
        writer.test(test)?;
    }
    writer.end(report.run.clone(), &report.extra)?;
    Ok(())
}

/// Replaces the file at `path` by `report`, or leaves it as it was.
///
/// # Errors
///
/// When the new file cannot be written, or not be put in the place of the old one.
pub fn to_path(path: &Path, report: &Report) -> Result<(), WriteFileError> {
    let mut file = AtomicFile::create(path)?;
    match to_writer(&mut file, report) {
        Ok(()) => file.commit(),
        Err(error) => Err(file.failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Millis, Timestamp};

    fn run() -> Run {
        Run::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Millis::ZERO)
    }

    fn test(name: &str, outcome: TestOutcome) -> Test {
        Test::new(name, "tests/a.rs", name, outcome, Millis::ZERO)
    }

    fn written(writer: ReportWriter<Vec<u8>>) -> Value {
        let (json, _) = writer.finish(run()).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn totals_are_of_all_tests_also_of_those_that_are_left_out() {
        let mut writer = ReportWriter::new(Vec::new()).unwrap();
        writer.test(&test("a", TestOutcome::Passed)).unwrap();
        writer.test(&test("b", TestOutcome::Failed)).unwrap();
        writer.leave_out(TestOutcome::Slow);
        let report = written(writer);
        assert_eq!(
            report["run"]["totals"],
            json!({ "passed": 1, "failed": 1, "errored": 0, "skipped": 0, "slow": 1, "total": 3 })
        );
        assert_eq!(report["tests"].as_array().unwrap().len(), 2);
        assert_eq!(report["run"]["truncated"], true);
        assert_eq!(report["run"]["notices"][0]["count"], 1);
    }

    #[test]
    fn a_run_without_tests_is_a_report() {
        let report = written(ReportWriter::new(Vec::new()).unwrap());
        assert_eq!(report["schema_version"], SCHEMA_VERSION);
        assert_eq!(report["tests"], json!([]));
        assert_eq!(report["run"]["truncated"], false);
        assert_eq!(report["run"].get("notices"), None);
    }

    #[test]
    fn a_report_at_a_path_keeps_its_totals_and_its_unknown_fields() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        let mut report = Report::new(run(), vec![test("a", TestOutcome::Passed)]);
        report.run.totals.total = 1200;
        report.extra.insert("novelty".to_owned(), json!([1]));
        to_path(&path, &report).unwrap();
        assert_eq!(crate::read::from_path(&path).unwrap().report, report);
        let error = to_path(folder.path(), &report).unwrap_err();
        assert_eq!(error.path, folder.path());
    }

    #[test]
    fn what_nests_too_deep_is_cut_and_the_report_can_be_read() {
        let mut deep = Value::Null;
        for _ in 0..500 {
            deep = Value::Array(vec![deep]);
        }
        let mut test = test("a", TestOutcome::Passed);
        test.extra.insert("deep".to_owned(), deep);
        let mut writer = ReportWriter::new(Vec::new()).unwrap();
        writer.test(&test).unwrap();
        let (json, _) = writer.finish(run()).unwrap();
        let report = crate::read::from_slice(&json).unwrap().report;
        assert_eq!(report.run.notices[0].kind, NoticeKind::Cut);
        assert!(report.run.truncated);
    }
}
