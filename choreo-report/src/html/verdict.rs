//! The head of the page: how the run went in one sentence, what it was, and what is not whole about it.

use std::collections::HashSet;

use super::because::Because;
use super::escape::{brief, text};
use crate::model::{Run, Test, TestOutcome, Totals};

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    totals: Totals,
    /// First causes of failures: kind and place.
    causes: HashSet<(String, String)>,
}

/// What one test is called. Tests of Choreo are one scenario each; those of the Python tool hold any number.
pub(super) fn noun(run: &Run) -> &'static str {
    if run.python_version.is_empty() {
        "scenario"
    } else {
        "test"
    }
}

impl Tally {
    pub(super) fn add(&mut self, test: &Test, causes: &[Because]) {
        self.totals.add(test.outcome);
        if is_red(test.outcome)
            && let Some(first) = causes.first()
        {
            self.causes
                .insert((first.kind.clone(), first.place.clone()));
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.totals.total
    }

    pub(super) fn red(&self) -> u64 {
        self.totals.failed + self.totals.errored
    }

    /// The class of the verdict.
    pub(super) fn tone(&self) -> &'static str {
        match (self.red(), self.totals.total) {
            (0, 0) => "empty",
            (0, _) => "green",
            _ => "red",
        }
    }

    /// The verdict.
    pub(super) fn sentence(&self, run: &Run) -> String {
        let noun = noun(run);
        let Totals {
            total,
            skipped,
            slow,
            ..
        } = self.totals;
        let red = self.red();
        let ran = total - skipped;
        let mut sentence = if run.interrupted {
            "The run was interrupted. ".to_owned()
        } else {
            String::new()
        };
        sentence += &match (total, red) {
            (0, _) => format!("No {noun} ran"),
            (1, 1) => format!("The only {noun} failed"),
            (_, 1) => format!("1 of {} failed", counted(total, noun)),
            (_, 2..) => format!(
                "{red} of {} failed, from {}",
                counted(total, noun),
                counted(self.causes.len().max(1) as u64, "cause")
            ),
            (_, 0) if ran == 0 => format!("{} skipped, none ran", counted(total, noun)),
            (_, 0) => {
                let those = match (ran, skipped) {
                    (1, 0) => format!("The only {noun}"),
                    (1, _) => format!("The only {noun} that ran"),
                    (_, 0) => format!("All {}", counted(ran, noun)),
                    _ => format!("All {} that ran", counted(ran, noun)),
                };
                format!(
                    "{those} passed{}",
                    if slow > 0 {
                        format!(", {slow} over budget")
                    } else {
                        String::new()
                    }
                )
            }
        };
        sentence + "."
    }

    /// What differs between the counts here and those that the run brought along.
    fn contradiction(&self, run: &Run) -> Option<String> {
        let given = &run.totals;
        if (
            given.failed,
            given.errored,
            given.passed,
            given.slow,
            given.skipped,
        ) == (
            self.totals.failed,
            self.totals.errored,
            self.totals.passed,
            self.totals.slow,
            self.totals.skipped,
        ) {
            return None;
        }
        let show = |totals: &Totals| {
            format!(
                "{} failed, {} errored, {} slow, {} passed, {} skipped",
                totals.failed, totals.errored, totals.slow, totals.passed, totals.skipped
            )
        };
        Some(format!(
            "The totals of the report ({}) are not those of its list ({}). This page counts the list.",
            show(given),
            show(&self.totals)
        ))
    }
}

fn is_red(outcome: TestOutcome) -> bool {
    matches!(outcome, TestOutcome::Failed | TestOutcome::Errored)
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// What was tested.
pub(super) fn product(run: &Run) -> String {
    let name = run.project_name.as_deref().unwrap_or("Choreo");
    format!("<bdi>{}</bdi>", brief(name, 120))
}

/// When, from what, where and for how long, in one line of markup.
pub(super) fn facts(run: &Run) -> String {
    let mut facts = Vec::new();
    if let Some(branch) = &run.git_branch {
        facts.push(brief(branch, 80));
    }
    if let Some(sha) = &run.git_sha {
        let short: String = sha.chars().take(10).collect();
        let dirty = if run.git_dirty == Some(true) {
            " + changes"
        } else {
            ""
        };
        facts.push(format!("<code>{}</code>{dirty}", text(&short)));
    }
    let started = run.started_at.to_string();
    facts.push(format!("<time datetime=\"{0}\">{0}</time>", text(&started)));
    facts.push(took(run.duration_ms.get()));
    if let Some(environment) = &run.environment {
        facts.push(brief(environment, 60));
    }
    if let Some(ci) = &run.ci {
        let name = [Some(ci.provider.as_str()), ci.job.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        // Nothing but a web address becomes a link.
        facts.push(
            match ci
                .url
                .as_deref()
                .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
            {
                Some(url) => format!(
                    "<a href=\"{}\" rel=\"noreferrer\">{}</a>",
                    text(url),
                    brief(&name, 80)
                ),
                None => brief(&name, 80),
            },
        );
    }
    facts
        .iter()
        .map(|fact| format!("<span><bdi>{fact}</bdi></span>"))
        .collect()
}

fn took(ms: f64) -> String {
    if ms >= 60_000.0 {
        format!(
            "{:.0} min {:.0} s",
            (ms / 60_000.0).floor(),
            (ms % 60_000.0) / 1000.0
        )
    } else if ms >= 1000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        format!("{ms:.0} ms")
    }
}

/// What a reader must know before trusting the rest, as markup.
pub(super) fn banners(run: &Run, tally: &Tally) -> String {
    let mut found: Vec<(&str, String)> = Vec::new();
    for notice in &run.notices {
        found.push((notice.kind.as_str(), notice.to_string()));
    }
    let said = |found: &[(&str, String)], kind| found.iter().any(|(one, _)| *one == kind);
    if run.interrupted && !said(&found, "interrupted") {
        let text = "The run was interrupted: what had not finished is shown as errored, what had not begun is missing.";
        found.push(("interrupted", text.to_owned()));
    }
    if let Some(xdist) = &run.xdist
        && !xdist.incomplete_workers.is_empty()
    {
        let names = xdist.incomplete_workers.join(", ");
        found.push((
            "lost",
            format!("Results of {names} are lost: the process died."),
        ));
    }
    if let Some(processes) = &run.processes
        && processes.lost > 0
        && !said(&found, "lost")
    {
        let lost = counted(processes.lost, "process").replace("processs", "processes");
        found.push((
            "lost",
            format!("{lost} died: what they had not reported is missing or shown as errored."),
        ));
    }
    if run.truncated && found.is_empty() {
        found.push((
            "cut",
            "The report is not complete: something was left out while it was written.".to_owned(),
        ));
    }
    if !said(&found, "dropped") {
        found.extend(tally.contradiction(run).map(|text| ("dropped", text)));
    }
    let banner = |(kind, text): &(&str, String)| {
        format!(
            "<p class=\"banner warn\" data-notice=\"{}\"><bdi>{}</bdi></p>",
            super::escape::attribute(kind),
            brief(text, 1000)
        )
    };
    found.iter().map(banner).collect()
}
