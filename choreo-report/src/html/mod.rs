//! The page that people open when a run is red: one file, no network, opened from disk.
//!
//! The file is written in one pass. Details of the tests go out first, in compressed chunks; what is known only at
//! the end (verdict, groups of causes, the index that the page's list needs) follows them. The page's script and
//! style are the modules below `page/`, joined here without a bundler, so that nobody needs more than cargo.

mod assets;
mod because;
mod chunk;
mod escape;
mod fallback;
mod index;
mod verdict;

use std::io::{self, Write};

use self::chunk::Chunks;
use self::escape::{attribute, text};
use self::fallback::Fallback;
use self::index::Index;
use self::verdict::Tally;
use crate::model::{Report, Run, SCHEMA_VERSION, Test};

/// Up to this many bytes the page also holds the whole report as JSON, in `script#harness-results`; above them,
/// the run without its tests. The chunks hold the same in a twentieth of the space.
const INLINE_LIMIT: usize = 1024 * 1024;

/// Writes a page test by test. What is kept meanwhile is compressed, and grows by some hundred bytes per test.
///
/// ```
/// use choreo_report::html::PageWriter;
/// use choreo_report::model::{Millis, Run, Test, TestOutcome, Timestamp};
///
/// let mut page = PageWriter::new(Vec::new())?;
/// page.test(&Test::new("a::b", "tests/a.rs", "b", TestOutcome::Passed, Millis::ZERO))?;
/// let run = Run::new(Timestamp::now(), Timestamp::now(), Millis::ZERO);
/// let html = page.finish(&run)?;
/// assert!(html.starts_with(b"<!doctype html>"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct PageWriter<W: Write> {
    out: W,
    chunks: Chunks,
    index: Index,
    tally: Tally,
    fallback: Fallback,
    /// The tests as JSON with commas between them; `None` once they are too long to be inlined.
    inline: Option<Vec<u8>>,
    line: Vec<u8>,
}

impl<W: Write> PageWriter<W> {
    /// Begins a page. `out` gets few and large writes.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written.
    pub fn new(mut out: W) -> io::Result<Self> {
        let (before, _) = assets::template();
        let before = before
            .replace("{{version}}", SCHEMA_VERSION)
            .replace("{{generator}}", env!("CARGO_PKG_VERSION"))
            .replace("{{policy}}", assets::policy())
            .replace("{{style}}", assets::STYLE);
        out.write_all(before.as_bytes())?;
        Ok(Self {
            out,
            chunks: Chunks::default(),
            index: Index::default(),
            tally: Tally::default(),
            fallback: Fallback::default(),
            inline: Some(Vec::new()),
            line: Vec::new(),
        })
    }

    /// Adds a test. Tests are shown in the order in which they come, failures first.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written. The page is broken then.
    pub fn test(&mut self, test: &Test) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, test)?;
        let chunk = self.chunks.add(&self.line, &mut self.out)?;
        let causes = because::of_test(test);
        self.tally.add(test, &causes);
        self.fallback.add(test, &causes);
        self.index.add(test, &causes, chunk)?;
        if let Some(inline) = &mut self.inline {
            if inline.len() + self.line.len() > INLINE_LIMIT {
                self.inline = None;
            } else {
                if !inline.is_empty() {
                    inline.push(b',');
                }
                inline.extend_from_slice(&self.line);
            }
        }
        Ok(())
    }

    /// Ends the page with what is known of the run. Totals are counted from the tests; where `run` has others, the
    /// page says so. Gives back `out`, flushed.
    ///
    /// # Errors
    ///
    /// When `out` does not take what is written.
    pub fn finish(mut self, run: &Run) -> io::Result<W> {
        let starts = self.chunks.finish(&mut self.out)?;
        let (_, after) = assets::template();
        for (place, literal) in assets::places(after) {
            self.out.write_all(literal.as_bytes())?;
            let Some(place) = place else { continue };
            let content = match place {
                "product" => verdict::product(run),
                "tone" => self.tally.tone().to_owned(),
                "verdict" => text(&self.tally.sentence(run)),
                "facts" => verdict::facts(run),
                "banners" => verdict::banners(run, &self.tally),
                "fallback" => self.fallback.table(run, &self.tally),
                "index" => std::mem::take(&mut self.index).finish(run, &starts)?,
                "results" => self.results(run)?,
                "script" => assets::script().to_owned(),
                unknown => attribute(unknown),
            };
            self.out.write_all(content.as_bytes())?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    /// The whole report for consumers that read it from the page, or the run alone where that would double the page.
    fn results(&mut self, run: &Run) -> io::Result<String> {
        let mut json = format!(r#"{{"schema_version":"{SCHEMA_VERSION}","run":"#).into_bytes();
        serde_json::to_writer(&mut json, run)?;
        match self.inline.take() {
            Some(tests) => {
                json.extend_from_slice(b",\"tests\":[");
                json.extend_from_slice(&tests);
                json.extend_from_slice(b"]}");
            }
            None => write!(
                json,
                r#","tests":[],"tests_left_out":{}}}"#,
                self.tally.total()
            )?,
        }
        escape::json_in_script(json)
    }
}

/// Writes the page of a report that is in memory.
///
/// # Errors
///
/// When `out` does not take what is written.
pub fn write<W: Write>(out: W, report: &Report) -> io::Result<W> {
    let mut page = PageWriter::new(out)?;
    for test in &report.tests {
        page.test(test)?;
    }
    page.finish(&report.run)
}

#[cfg(test)]
mod tests;
