//! What is said at the end of a run: failures, counts, the slowest expectations, the result.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use choreo_report::model::Outcome;

use super::Look;
use crate::interrupt::Signal;
use crate::redacted::Redacted;
use crate::select::Selection;
use crate::skips::Skips;
use crate::text::{Paint, Tone, count, measured};
use crate::verdict::{Kind, Status, Verdict, load};

/// How many expectations are shown against their budgets.
const SLOWEST: usize = 5;

/// Gathers the verdicts of a run.
pub(super) struct Summary<'a> {
    selected: usize,
    filtered_out: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    kinds: Vec<Kind>,
    failures: Vec<Explained<'a>>,
    expected: Vec<Explained<'a>>,
    skips: Skips,
    slowest: Vec<Slow<'a>>,
    /// What stopped the run, and how many tests had not ended.
    interrupted: Option<(Signal, usize)>,
    /// What a reader opens to see more.
    report: Option<PathBuf>,
}

/// A test that failed, as expected or not.
struct Explained<'a> {
    index: usize,
    test: &'a str,
    text: String,
}

/// An expectation with a budget.
struct Slow<'a> {
    load: f64,
    latency: Duration,
    budget: Duration,
    place: String,
    test: &'a str,
}

impl<'a> Summary<'a> {
    pub(super) fn new(selection: &Selection) -> Self {
        Self {
            selected: selection.tests.len(),
            filtered_out: selection.filtered_out,
            passed: 0,
            failed: 0,
            ignored: 0,
            kinds: Vec::with_capacity(selection.tests.len()),
            failures: Vec::new(),
            expected: Vec::new(),
            skips: Skips::default(),
            slowest: Vec::new(),
            interrupted: None,
            report: None,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0 || self.interrupted.is_some()
    }

    pub(super) fn interrupted(&mut self, by: Signal, open: usize) {
        self.interrupted = Some((by, open));
    }

    pub(super) fn report(&mut self, report: Option<PathBuf>) {
        self.report = report;
    }

    /// Brings the failures into the order of the tests: that in which they end is random.
    pub(super) fn sort(&mut self) {
        self.failures.sort_by_key(|failure| failure.index);
        self.expected.sort_by_key(|failure| failure.index);
    }

    pub(super) fn add(&mut self, index: usize, test: &'a str, verdict: &Verdict) {
        match verdict.status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Ignored => self.ignored += 1,
        }
        self.kinds.push(verdict.kind);
        let text = verdict.text.as_deref().unwrap_or_default();
        let explained = || Explained {
            index,
            test,
            text: text.to_owned(),
        };
        match (verdict.status, verdict.kind) {
            (Status::Failed, _) => self.failures.push(explained()),
            (_, Kind::ExpectedFailure) => self.expected.push(explained()),
            (_, Kind::Skipped) => self.skips.add(text),
            _ => {}
        }
        for handle in verdict.handles() {
            if let (Some(load), Some(latency), Some(budget)) =
                (load(handle), handle.latency, handle.budget)
            {
                self.slowest.push(Slow {
                    load,
                    latency,
                    budget,
                    place: handle.place(),
                    test,
                });
            }
        }
        self.slowest.sort_by(|a, b| b.load.total_cmp(&a.load));
        self.slowest.truncate(SLOWEST);
    }

    pub(super) fn render(&self, look: Look, redacted: &mut Redacted, elapsed: Duration) -> String {
        let mut text = String::new();
        self.write(&mut text, look, redacted, elapsed)
            .expect("a string takes any text");
        text
    }

    fn write(
        &self,
        out: &mut String,
        look: Look,
        redacted: &mut Redacted,
        elapsed: Duration,
    ) -> fmt::Result {
        let paint = look.paint;
        if look.show_expected && !self.expected.is_empty() {
            writeln!(
                out,
                "\n{}",
                paint.paint(Tone::Heading, "failed as expected:")
            )?;
            explain(out, paint, redacted, Tone::Heading, &self.expected)?;
        }
        if !self.failures.is_empty() {
            writeln!(out, "\n{}", paint.paint(Tone::Heading, "failures:"))?;
            explain(out, paint, redacted, Tone::Bad, &self.failures)?;
            writeln!(out, "\n{}", paint.paint(Tone::Heading, "failures:"))?;
            for failure in &self.failures {
                writeln!(out, "    {}", failure.test)?;
            }
        }
        // One test says it all in its own line; under nextest each is a process of its own.
        if self.selected > 1 && self.kinds.iter().any(|kind| *kind != Kind::Ignored) {
            writeln!(out, "\n{}", paint.paint(Tone::Heading, "choreo summary"))?;
            self.write_counts(out, paint)?;
            self.write_slowest(out, paint, redacted)?;
        }
        for notice in self.skips.notices() {
            let title = paint.paint(Tone::Warning, notice.title);
            writeln!(out, "\n{title} {}", redacted.text(&notice.reason))?;
        }
        let not_run = self.kinds.iter().filter(|kind| **kind == Kind::NotRun);
        let not_run = not_run.count();
        if not_run > 0 {
            let title = paint.paint(Tone::Warning, "STOPPED by --fail-fast:");
            writeln!(out, "\n{title} {} did not run", count(not_run, "scenario"))?;
        }
        let hidden = redacted.hidden();
        if hidden > 0 {
            let values = count(usize::try_from(hidden).unwrap_or(usize::MAX), "value");
            let (was, them) = if hidden == 1 {
                ("was", "it")
            } else {
                ("were", "them")
            };
            write!(out, "\n{values} {was} hidden")?;
            if !look.in_file {
                write!(out, "; CHOREO_SHOW_SECRETS=1 shows {them} here")?;
            }
            writeln!(out)?;
        }
        if let Some((signal, open)) = self.interrupted {
            let title = paint.paint(Tone::Warning, format!("STOPPED by {signal}:"));
            writeln!(out, "\n{title} {} had not ended", count(open, "scenario"))?;
        }
        if let Some(report) = &self.report {
            let title = paint.paint(Tone::Heading, "report:");
            writeln!(out, "\n{title} {}", report.display())?;
        }
        self.write_result(out, paint, elapsed)
    }

    fn write_counts(&self, out: &mut String, paint: Paint) -> fmt::Result {
        let kinds = [
            (Kind::Outcome(Outcome::Pass), Tone::Good, "pass"),
            (Kind::Outcome(Outcome::Slow), Tone::Warning, "slow"),
            (Kind::Outcome(Outcome::Fail), Tone::Bad, "fail"),
            (Kind::Outcome(Outcome::Timeout), Tone::Bad, "timeout"),
            (Kind::Outcome(Outcome::Error), Tone::Bad, "error"),
            (Kind::ExpectedFailure, Tone::Good, "failed as expected"),
            (Kind::Skipped, Tone::Warning, "skipped"),
            (Kind::NotRun, Tone::Warning, "not run"),
            (Kind::Ignored, Tone::Warning, "ignored"),
        ];
        let mut separator = "    ";
        for (kind, tone, word) in kinds {
            let number = self.kinds.iter().filter(|seen| **seen == kind).count();
            if number > 0 {
                let part = format!("{number} {word}");
                write!(out, "{separator}{}", paint.paint(tone, part))?;
                separator = " · ";
            }
        }
        writeln!(out)
    }

    fn write_slowest(
        &self,
        out: &mut String,
        paint: Paint,
        redacted: &mut Redacted,
    ) -> fmt::Result {
        if self.slowest.is_empty() {
            return Ok(());
        }
        let rows: Vec<[String; 5]> = self
            .slowest
            .iter()
            .map(|slow| {
                [
                    format!("{:.0} %", slow.load * 100.0),
                    measured(slow.latency),
                    measured(slow.budget),
                    redacted.text(&slow.place),
                    slow.test.to_owned(),
                ]
            })
            .collect();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let (load, latency, budget, topic) = (width(0), width(1), width(2), width(3));
        writeln!(out, "    nearest to their budgets, or over:")?;
        for (row, slow) in rows.iter().zip(&self.slowest) {
            let tone = if slow.load > 1.0 {
                Tone::Warning
            } else {
                Tone::Good
            };
            writeln!(
                out,
                "      {}  {:>latency$} of {:>budget$}  {:<topic$}  {}",
                paint.paint(tone, format!("{:>load$}", row[0])),
                row[1],
                row[2],
                row[3],
                paint.paint(Tone::Quiet, &row[4]),
            )?;
        }
        Ok(())
    }

    /// The last line, word for word as libtest writes it, since programs read it.
    fn write_result(&self, out: &mut String, paint: Paint, elapsed: Duration) -> fmt::Result {
        let result = if self.has_failed() {
            paint.paint(Tone::Bad, "FAILED")
        } else {
            paint.paint(Tone::Good, "ok")
        };
        writeln!(
            out,
            "\ntest result: {result}. {} passed; {} failed; {} ignored; 0 measured; \
             {} filtered out; finished in {:.2}s\n",
            self.passed,
            self.failed,
            self.ignored,
            self.filtered_out,
            elapsed.as_secs_f64()
        )
    }
}

fn explain(
    out: &mut String,
    paint: Paint,
    redacted: &mut Redacted,
    tone: Tone,
    tests: &[Explained<'_>],
) -> fmt::Result {
    for Explained { test, text, .. } in tests {
        let title = format!("---- {test} ----");
        writeln!(out, "\n{}", paint.paint(tone, title))?;
        writeln!(out, "{}", redacted.text(text).trim_end())?;
    }
    Ok(())
}
