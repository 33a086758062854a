//! `choreo report show`: what the runner prints at the end of a run, for any report.

use std::fmt::Write as _;
use std::path::PathBuf;

use choreo_report::causes::{self, Group};
use choreo_report::model::{Handle, Millis, Outcome as Verdict, Report, Test};

use super::input;
use crate::exit::Exit;
use crate::output::{Painted, Tone, count, line, measured, safe};
use crate::{Outcome, output};

/// Expectations that are shown against their budgets, as many as the runner shows.
const SLOWEST: usize = 5;
/// Tests of one cause whose names are shown.
const NAMES: usize = 10;
/// Failure texts that are shown unless all are asked for.
const TEXTS: usize = 3;
/// Characters of a sentence.
const SENTENCE: usize = 300;
/// Characters of a name.
const NAME: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The report, or its folder [default: the one of this project]
    #[arg(value_name = "FILE")]
    report: Option<PathBuf>,
    /// Show every name and every failure text
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let report = input::load(&input::file(arguments.report)?)?.report;
    output::print(&text(&report, arguments.all));
    let totals = &report.run.totals;
    Ok(Exit::bad_if(totals.failed + totals.errored > 0))
}

fn text(report: &Report, all: bool) -> String {
    let mut out = String::new();
    let bad = report.run.totals.failed + report.run.totals.errored > 0;
    let tone = if bad { Tone::Bad } else { Tone::Good };
    if let Some(name) = &report.run.project_name {
        push(
            &mut out,
            &Painted(Tone::Quiet, line(name, NAME)).to_string(),
        );
    }
    let verdict = line(&causes::verdict(report), SENTENCE);
    push(&mut out, &Painted(tone, verdict).to_string());
    for notice in causes::notices(report) {
        let notice = line(&notice.to_string(), SENTENCE);
        push(
            &mut out,
            &format!("{} {notice}", Painted(Tone::Warning, "note:")),
        );
    }
    let groups = causes::groups(report);
    for group in &groups {
        write_group(&mut out, group, all);
    }
    write_texts(&mut out, &groups, all);
    write_slowest(&mut out, report);
    out
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// A cause with the tests that it fails.
fn write_group(out: &mut String, group: &Group<'_>, all: bool) {
    let mut title = group.kind.to_string().replace('_', " ");
    for (joint, part) in [(" on ", group.topic), (" at ", group.path)] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            let _ = write!(title, "{joint}{}", line(part, NAME));
        }
    }
    let tests = count(group.failures.len(), "test");
    push(out, "");
    push(
        out,
        &format!(
            "{} {}",
            Painted(Tone::Heading, title),
            Painted(Tone::Quiet, format!("({tests})"))
        ),
    );
    if let Some(first) = group.failures.first() {
        push(out, &format!("  {}", line(&first.cause.text, SENTENCE)));
    }
    let shown = if all { usize::MAX } else { NAMES };
    for failure in group.failures.iter().take(shown) {
        push(
            out,
            &format!(
                "    {}{}",
                line(&failure.test.nodeid, NAME),
                place(failure.test)
            ),
        );
    }
    let hidden = group.failures.len().saturating_sub(shown);
    if hidden > 0 {
        push(out, &format!("    … and {hidden} more; --all shows them"));
    }
}

fn place(test: &Test) -> String {
    test.location.as_ref().map_or_else(String::new, |location| {
        let place = format!("  {}:{}", line(&location.file, NAME), location.line);
        Painted(Tone::Quiet, place).to_string()
    })
}

/// The failure texts, one of each cause first.
fn write_texts(out: &mut String, groups: &[Group<'_>], all: bool) {
    let firsts = groups.iter().filter_map(|group| group.failures.first());
    let others = groups
        .iter()
        .flat_map(|group| group.failures.iter().skip(1));
    let texts: Vec<_> = firsts
        .chain(others)
        .filter_map(|failure| Some((failure.test, text_of(failure.test)?)))
        .collect();
    let shown = if all {
        texts.len()
    } else {
        TEXTS.min(texts.len())
    };
    for (test, text) in &texts[..shown] {
        let title = format!("---- {} ----", line(&test.nodeid, NAME));
        push(out, &format!("\n{}", Painted(Tone::Bad, title)));
        push(out, safe(text.trim_end()).as_ref());
    }
    let hidden = texts.len() - shown;
    if hidden > 0 {
        let more = format!(
            "\n… and {}; --all shows them",
            count(hidden, "more failure text")
        );
        push(out, &more);
    }
}

fn text_of(test: &Test) -> Option<&str> {
    let texts = [test.failure_text.as_deref(), test.traceback.as_deref()];
    texts
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty())
}

/// The expectations that are nearest to their budgets, or over.
fn write_slowest(out: &mut String, report: &Report) {
    let mut rows: Vec<(f64, Millis, Millis, &Handle, &Test)> = Vec::new();
    for test in &report.tests {
        for handle in test.scenarios.iter().flat_map(|scenario| &scenario.handles) {
            let came = matches!(handle.exact_outcome(), Some(Verdict::Pass | Verdict::Slow));
            if let (true, Some(latency), Some(budget)) = (came, handle.latency_ms, handle.budget_ms)
            {
                let load = latency.get() / budget.get();
                if load.is_finite() {
                    rows.push((load, latency, budget, handle, test));
                }
            }
        }
    }
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows.truncate(SLOWEST);
    push(
        out,
        &format!(
            "\n{}",
            Painted(Tone::Heading, "nearest to their budgets, or over:")
        ),
    );
    let cells: Vec<[String; 4]> = rows
        .iter()
        .map(|(load, latency, budget, handle, _)| {
            [
                format!("{:.0} %", load * 100.0),
                measured(*latency),
                measured(*budget),
                line(&handle.topic, NAME),
            ]
        })
        .collect();
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let [load, latency, budget, topic] = [width(0), width(1), width(2), width(3)];
    for (row, (loaded, .., test)) in cells.iter().zip(&rows) {
        let tone = if *loaded > 1.0 {
            Tone::Warning
        } else {
            Tone::Good
        };
        let text = format!(
            "  {}  {:>latency$} of {:>budget$}  {:<topic$}  {}",
            Painted(tone, format!("{:>load$}", row[0])),
            row[1],
            row[2],
            row[3],
            Painted(Tone::Quiet, line(&test.nodeid, NAME)),
        );
        push(out, &text);
    }
}
