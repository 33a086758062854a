//! The output for people: libtest's lines, with what a scenario adds to them.

mod summary;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use choreo_report::model::Outcome;

use crate::output::{Output, Step};
use crate::redacted::Redacted;
use crate::run::LONG;
use crate::select::{Selected, Selection};
use crate::text::{Paint, Tone, count};
use crate::verdict::{Kind, Status, Verdict};
use summary::Summary;

/// Where libtest breaks its lines of dots.
const DOTS_PER_LINE: usize = 88;

/// How the lines are to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    /// Names are padded for people; programs that read libtest's lines get them bare.
    pub(crate) align: bool,
    /// One character for each test.
    pub(crate) terse: bool,
    /// Show the explanations of expected failures too.
    pub(crate) show_expected: bool,
    /// One test runs at a time: its name can be shown while it runs.
    pub(crate) one_by_one: bool,
    /// What the order of the tests was drawn from, if it was.
    pub(crate) shuffle: Option<u64>,
    /// Nothing is hidden.
    pub(crate) show_secrets: bool,
    /// The output is kept in a log file.
    pub(crate) in_file: bool,
    /// Somebody looks at a terminal.
    pub(crate) interactive: bool,
}

/// Prints a run as it happens.
///
/// Nobody can be told that the output is gone (as in `… | head`), so failed writes are ignored:
/// the exit status still tells the result.
pub(crate) struct Console<'a> {
    out: Box<dyn Write>,
    look: Look,
    tests: &'a [Selected],
    width: usize,
    dots: usize,
    /// The test whose name stands at the end of the output, without its result.
    open_line: Option<usize>,
    summary: Summary<'a>,
    redacted: Redacted,
}

impl<'a> Console<'a> {
    pub(crate) fn new(out: Box<dyn Write>, look: Look, selection: &'a Selection) -> Self {
        let name_width = |selected: &Selected| selected.test.name.chars().count();
        let width = if look.align {
            selection.tests.iter().map(name_width).max().unwrap_or(0)
        } else {
            0
        };
        Self {
            out,
            look,
            tests: &selection.tests,
            width,
            dots: 0,
            open_line: None,
            summary: Summary::new(selection),
            redacted: Redacted::new(look.show_secrets),
        }
    }

    fn finished(&mut self, index: usize, verdict: &Verdict) {
        let Some(selected) = self.tests.get(index) else {
            return;
        };
        if self.look.terse {
            self.dot(verdict);
        } else {
            self.line(index, verdict);
        }
        self.summary.add(index, &selected.test.name, verdict);
    }

    fn name(&self, index: usize) -> String {
        let width = self.width;
        let name = self.tests.get(index).map(|selected| &*selected.test.name);
        format!("test {:<width$} ... ", name.unwrap_or_default())
    }

    fn line(&mut self, index: usize, verdict: &Verdict) {
        let name = if self.open_line == Some(index) {
            self.open_line = None;
            String::new()
        } else {
            self.end_open_line();
            self.name(index)
        };
        let detail = match verdict.kind {
            // Nothing but times, of many thousands.
            Kind::Outcome(Outcome::Pass) => verdict.detail.clone(),
            _ => self.redacted.text(&verdict.detail),
        };
        // "ignored, why" and "ok (12 ms)".
        let space = if detail.starts_with(',') { "" } else { " " };
        self.write(|out, paint| {
            write!(out, "{name}")?;
            match (verdict.status, verdict.kind) {
                (Status::Failed, _) => write!(out, "{}", paint.paint(Tone::Bad, "FAILED"))?,
                (Status::Passed, Kind::Outcome(Outcome::Slow)) => write!(
                    out,
                    "{} {}",
                    paint.paint(Tone::Good, "ok"),
                    paint.paint(Tone::Warning, "SLOW")
                )?,
                (Status::Passed, _) => write!(out, "{}", paint.paint(Tone::Good, "ok"))?,
                (Status::Ignored, Kind::Skipped) => {
                    write!(out, "{}", paint.paint(Tone::Warning, "skipped"))?;
                }
                (Status::Ignored, Kind::NotRun) => {
                    write!(out, "{}", paint.paint(Tone::Warning, "not run"))?;
                }
                (Status::Ignored, _) => write!(out, "{}", paint.paint(Tone::Warning, "ignored"))?,
            }
            if detail.is_empty() {
                writeln!(out)
            } else {
                writeln!(out, "{space}{}", paint.paint(Tone::Quiet, &detail))
            }
        });
    }

    fn dot(&mut self, verdict: &Verdict) {
        let (tone, dot) = match (verdict.status, verdict.kind) {
            (Status::Failed, _) => (Tone::Bad, 'F'),
            (Status::Passed, Kind::Outcome(Outcome::Slow)) => (Tone::Warning, 's'),
            (Status::Passed, _) => (Tone::Good, '.'),
            (Status::Ignored, _) => (Tone::Warning, 'i'),
        };
        self.dots += 1;
        let (dots, all) = (self.dots, self.tests.len());
        self.write(|out, paint| {
            write!(out, "{}", paint.paint(tone, dot))?;
            if dots % DOTS_PER_LINE == 0 {
                writeln!(out, " {dots}/{all}")?;
            }
            Ok(())
        });
    }

    fn end_open_line(&mut self) {
        if self.open_line.take().is_some() {
            self.write(|out, _| writeln!(out));
        }
    }

    /// Writes in one go, as scenarios may print at the same time.
    fn write(&mut self, write: impl FnOnce(&mut dyn Write, Paint) -> io::Result<()>) {
        let mut text = Vec::new();
        let _ = write(&mut text, self.look.paint)
            .and_then(|()| self.out.write_all(&text))
            .and_then(|()| self.out.flush());
    }
}

impl Output for Console<'_> {
    fn begin(&mut self) {
        let tests = count(self.tests.len(), "test");
        let seed = match self.look.shuffle {
            Some(seed) => format!(" (shuffle seed: {seed})"),
            None => String::new(),
        };
        self.write(|out, _| writeln!(out, "\nrunning {tests}{seed}"));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Started(index) => {
                if self.look.one_by_one && !self.look.terse {
                    let name = self.name(*index);
                    self.write(|out, _| write!(out, "{name}"));
                    self.open_line = Some(*index);
                }
            }
            Step::Lingers(index) => {
                if let Some(name) = self.tests.get(*index).map(|selected| &selected.test.name) {
                    let name = name.clone();
                    self.end_open_line();
                    self.write(|out, _| {
                        let long = LONG.as_secs();
                        writeln!(out, "test {name} has been running for over {long} seconds")
                    });
                }
            }
            Step::Finished(index, verdict) => self.finished(*index, verdict),
            Step::Interrupted(signal, open) => {
                self.end_open_line();
                self.summary.interrupted(*signal, open.len());
            }
        }
    }

    /// Explains the failures and sums up.
    fn end(&mut self, elapsed: Duration, report: Option<&Path>) -> bool {
        if self.look.terse {
            self.write(|out, _| writeln!(out));
        }
        self.summary.sort();
        // Programs read the lines as libtest writes them; people want to click.
        let shown = report.filter(|_| self.look.interactive);
        self.summary.report(shown.map(Path::to_owned));
        let redacted = &mut self.redacted;
        let text = self.summary.render(self.look, redacted, elapsed);
        self.write(|out, _| write!(out, "{text}"));
        !self.summary.has_failed()
    }
}
