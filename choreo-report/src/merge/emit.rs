//! The second pass: the tests, one after the other, into the files of the report.

use std::fs::{self, File};
use std::io;
#[cfg(feature = "junit")]
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::index::{Found, Index};
use super::{MergeError, Merged, Options, cannot_read};
#[cfg(feature = "junit")]
use crate::export::junit;
use crate::folder::Folder;
#[cfg(feature = "html")]
use crate::html::PageWriter;
#[cfg(feature = "junit")]
use crate::model::Report;
use crate::model::{Run, Test, TestOutcome};
use crate::partial::{Line, read_at};
use crate::write::{AtomicFile, ReportWriter, WriteFileError};

/// Writes the report of what was found; none if that was nothing.
pub(super) fn report(
    index: Index,
    into: &Folder,
    options: &Options,
) -> Result<Option<Merged>, MergeError> {
    let (sources, tests, facts) = index.into_order();
    let Some(run) = facts.into_run() else {
        return Ok(None);
    };
    let mut failures = Vec::new();
    let mut files = Files::create(into, options)?;
    let mut reader = Reader::new(sources);
    for (_, entry) in &tests {
        let json = reader.json(&entry.known.found)?;
        let failed = entry.known.outcome.is_failure() && failures.len() < options.failures;
        // Reading a test costs several times what copying it costs.
        let test = (failed || files.want_values())
            .then(|| serde_json::from_str::<Test>(json).map_err(io::Error::from))
            .transpose()
            .map_err(cannot_read(into.path()))?;
        files.test(json, entry.known.outcome, test.as_ref())?;
        if failed {
            failures.extend(test);
        }
    }
    files.finish(run, failures).map(Some)
}

/// The files of a report that is being written. None of them replaces the one before it until all are complete.
struct Files {
    results: ReportWriter<AtomicFile>,
    results_path: PathBuf,
    unwritten_page: PathBuf,
    #[cfg(feature = "html")]
    page: Option<(PageWriter<AtomicFile>, PathBuf)>,
    #[cfg(feature = "junit")]
    junit: Option<(Vec<Test>, PathBuf)>,
}

impl Files {
    fn create(into: &Folder, options: &Options) -> Result<Self, MergeError> {
        let results_path = into.results();
        let results = ReportWriter::new(AtomicFile::create(&results_path)?);
        #[cfg(feature = "html")]
        let page = if options.page {
            let path = into.page();
            let writer = PageWriter::new(AtomicFile::create(&path)?);
            Some((writer.map_err(cannot_write(&path))?, path))
        } else {
            None
        };
        Ok(Self {
            results: results.map_err(cannot_write(&results_path))?,
            results_path,
            unwritten_page: into.page(),
            #[cfg(feature = "html")]
            page,
            #[cfg(feature = "junit")]
            // A file of the last run would tell of that run for ever.
            junit: (options.junit || into.junit().exists()).then(|| (Vec::new(), into.junit())),
        })
    }

    /// Whether one of the files is made of more than the JSON.
    fn want_values(&self) -> bool {
        #[cfg(feature = "junit")]
        if self.junit.is_some() {
            return true;
        }
        #[cfg(feature = "html")]
        if self.page.is_some() {
            return true;
        }
        false
    }

    fn test(
        &mut self,
        json: &str,
        outcome: TestOutcome,
        test: Option<&Test>,
    ) -> Result<(), MergeError> {
        self.results
            .json(json, outcome)
            .map_err(cannot_write(&self.results_path))?;
        #[cfg(feature = "html")]
        if let (Some((page, path)), Some(test)) = (&mut self.page, test) {
            page.test(test).map_err(cannot_write(path))?;
        }
        #[cfg(feature = "junit")]
        if let (Some((tests, _)), Some(test)) = (&mut self.junit, test) {
            let mut test = test.clone();
            // It tells of failures only, and this is held in memory.
            if !outcome.is_failure() {
                test.scenarios.clear();
            }
            tests.push(test);
        }
        Ok(())
    }

    fn finish(self, mut run: Run, failures: Vec<Test>) -> Result<Merged, MergeError> {
        let (results, totals) = self
            .results
            .finish(run.clone())
            .map_err(cannot_write(&self.results_path))?;
        run.totals = totals;
        let mut complete = vec![results];
        let mut page_path = None;
        #[cfg(feature = "html")]
        if let Some((page, path)) = self.page {
            complete.push(page.finish(&run).map_err(cannot_write(&path))?);
            page_path = Some(path);
        }
        #[cfg(feature = "junit")]
        if let Some((tests, path)) = self.junit {
            let mut file = AtomicFile::create(&path)?;
            junit::render(&Report::new(run.clone(), tests))
                .map_err(io::Error::other)
                .and_then(|xml| file.write_all(xml.as_bytes()))
                .map_err(cannot_write(&path))?;
            complete.push(file);
        }
        for file in &mut complete {
            file.sync()?;
        }
        for file in complete {
            file.commit()?;
        }
        if page_path.is_none() {
            // It is of another run than the results beside it. Mostly there is none.
            let _ = fs::remove_file(&self.unwritten_page);
        }
        Ok(Merged {
            run,
            failures,
            results: self.results_path,
            page: page_path,
        })
    }
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> MergeError {
    let path = path.to_owned();
    move |source| {
        MergeError::Write(WriteFileError {
            path: path.clone(),
            source,
        })
    }
}

/// Reads tests where the index found them.
struct Reader {
    sources: Vec<PathBuf>,
    /// The source that is open, as tests of one process mostly follow each other.
    open: Option<(usize, File)>,
    line: Vec<u8>,
}

impl Reader {
    fn new(sources: Vec<PathBuf>) -> Self {
        Self {
            sources,
            open: None,
            line: Vec::new(),
        }
    }

    /// The test as JSON.
    fn json<'a>(&'a mut self, found: &'a Found) -> Result<&'a str, MergeError> {
        let (source, place) = match found {
            Found::Line(source, place) => (*source, *place),
            Found::Lost(json) => return Ok(json),
        };
        let path = &self.sources[source];
        let file = match &mut self.open {
            Some((open, file)) if *open == source => file,
            _ => {
                let file = File::open(path).map_err(cannot_read(path))?;
                &mut self.open.insert((source, file)).1
            }
        };
        read_at(file, place, &mut self.line).map_err(cannot_read(path))?;
        match serde_json::from_slice(&self.line) {
            Ok(Line::Test(line)) => Ok(line.test.get()),
            Ok(_) => Err(io::Error::other("it was changed while it was read")),
            Err(changed) => Err(io::Error::from(changed)),
        }
        .map_err(cannot_read(path))
    }
}
