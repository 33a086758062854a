//! `choreo report diff`.

use std::fmt::Write as _;
use std::path::PathBuf;

use choreo_report::causes;
use choreo_report::diff::{Change, Diff, Rule, compare};
use choreo_report::model::Test;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::input;
use crate::exit::Exit;
use crate::output::{Painted, Tone, count, line, measured};
use crate::{Outcome, output};

/// Entries of a list that are shown as text.
const SHOWN: usize = 20;
/// Characters of a name or a sentence.
const CHARS: usize = 300;
/// The version of the JSON that is printed.
const FORMAT: u32 = 1;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The earlier report, or its folder
    #[arg(value_name = "EARLIER")]
    before: PathBuf,
    /// The later report, or its folder
    #[arg(value_name = "LATER")]
    after: PathBuf,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let before = input::load(&input::file(Some(arguments.before.clone()))?)?.report;
    let after = input::load(&input::file(Some(arguments.after.clone()))?)?.report;
    let diff = compare(&before, &after, &Rule::default());
    match arguments.format {
        Format::Text => output::print(&text(&diff)),
        Format::Json => output::print(&format!("{}\n", as_json(&diff))),
    }
    Ok(Exit::bad_if(diff.is_regression()))
}

fn text(diff: &Diff<'_>) -> String {
    let mut out = String::new();
    let (tone, verdict) = if diff.is_regression() {
        (Tone::Bad, format!("Worse: {}.", sums(diff)))
    } else {
        let sums = sums(diff);
        let what = if sums.is_empty() {
            "nothing changed"
        } else {
            &sums
        };
        (Tone::Good, format!("Not worse: {what}."))
    };
    let _ = writeln!(out, "{}", Painted(tone, verdict));
    let why = |change: &Change<'_>| {
        let cause = causes::of_test(change.after).map(|failure| failure.cause.text);
        named(change.after, cause.as_deref().unwrap_or(""))
    };
    let name = |change: &Change<'_>| named(change.after, "");
    let test = |test: &&Test| named(test, "");
    list(&mut out, "new failures", Tone::Bad, &diff.new_failures, why);
    list(&mut out, "slower", Tone::Warning, &diff.slower, |slower| {
        let over = if slower.now_over_budget {
            ", over its budget now"
        } else {
            ""
        };
        let times = format!(
            "{} → {}{over}",
            measured(slower.before),
            measured(slower.after)
        );
        format!(
            "{}  {times}  {}",
            line(&slower.handle.topic, CHARS),
            line(&slower.test.nodeid, CHARS)
        )
    });
    list(
        &mut out,
        "slower topics",
        Tone::Warning,
        &diff.slower_topics,
        |slower| {
            let topic = match slower.transport {
                Some(transport) => format!(
                    "{} on {}",
                    line(slower.topic, CHARS),
                    line(transport, CHARS)
                ),
                None => line(slower.topic, CHARS),
            };
            let (before, after) = (measured(slower.before), measured(slower.after));
            format!("{topic}  {before} → {after}, median of {}", slower.samples)
        },
    );
    list(&mut out, "fixed", Tone::Good, &diff.fixed, name);
    list(
        &mut out,
        "still failing",
        Tone::Quiet,
        &diff.still_failing,
        name,
    );
    list(
        &mut out,
        "failed and now skipped",
        Tone::Quiet,
        &diff.now_skipped,
        name,
    );
    list(&mut out, "new tests", Tone::Quiet, &diff.added, test);
    list(&mut out, "gone", Tone::Quiet, &diff.removed, test);
    out
}

/// How much there is of everything: `1 new failure, 2 fixed`.
fn sums(diff: &Diff<'_>) -> String {
    let sums = [
        (diff.new_failures.len(), "new failure", true),
        (diff.slower.len(), "slower expectation", true),
        (diff.slower_topics.len(), "slower topic", true),
        (diff.fixed.len(), "fixed", false),
        (diff.still_failing.len(), "still failing", false),
        (diff.now_skipped.len(), "skipped instead of failing", false),
        (diff.added.len(), "new test", true),
        (diff.removed.len(), "test gone", false),
    ];
    let parts: Vec<_> = sums
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, plural)| match plural {
            true => count(number, what),
            false => format!("{number} {what}"),
        })
        .collect();
    parts.join(", ")
}

fn named(test: &Test, more: &str) -> String {
    let name = line(&test.nodeid, CHARS);
    if more.is_empty() {
        name
    } else {
        format!("{name}\n      {}", line(more, CHARS))
    }
}

fn list<T>(out: &mut String, title: &str, tone: Tone, entries: &[T], show: impl Fn(&T) -> String) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{}",
        Painted(tone, format!("{title} ({})", entries.len()))
    );
    for entry in entries.iter().take(SHOWN) {
        let _ = writeln!(out, "    {}", show(entry));
    }
    if entries.len() > SHOWN {
        let _ = writeln!(
            out,
            "    … and {} more; --format json has all",
            entries.len() - SHOWN
        );
    }
}

fn as_json(diff: &Diff<'_>) -> Value {
    let id = |test: &Test| json!(test.nodeid);
    let change = |change: &Change<'_>| {
        json!({
            "test": change.after.nodeid,
            "before": change.before.map(|test| test.outcome),
            "after": change.after.outcome,
            "cause": causes::of_test(change.after).map(|failure| failure.cause),
        })
    };
    let changes = |changes: &[Change<'_>]| changes.iter().map(change).collect::<Vec<_>>();
    let tests = |tests: &[&Test]| tests.iter().map(|test| id(test)).collect::<Vec<_>>();
    json!({
        "format": FORMAT,
        "regression": diff.is_regression(),
        "new_failures": changes(&diff.new_failures),
        "fixed": changes(&diff.fixed),
        "still_failing": changes(&diff.still_failing),
        "now_skipped": changes(&diff.now_skipped),
        "added": tests(&diff.added),
        "removed": tests(&diff.removed),
        "slower": diff.slower.iter().map(|slower| json!({
            "test": slower.test.nodeid,
            "topic": slower.handle.topic,
            "handle": slower.handle.id,
            "before_ms": slower.before,
            "after_ms": slower.after,
            "now_over_budget": slower.now_over_budget,
        })).collect::<Vec<_>>(),
        "slower_topics": diff.slower_topics.iter().map(|slower| json!({
            "transport": slower.transport,
            "topic": slower.topic,
            "before_ms": slower.before,
            "after_ms": slower.after,
            "samples": slower.samples,
        })).collect::<Vec<_>>(),
    })
}
