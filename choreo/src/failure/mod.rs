//! The failure text: which hop broke, what came instead, and where to look next.
//!
//! Reads results and asks `text` for colours; knows neither terminals nor brokers.

use std::fmt::Write as _;
use std::time::Duration;

use choreo_runner::{CaughtPanic, Row};

use crate::ids::Location;
use crate::outcome::{HandleData, Outcome, ScenarioResult};
use crate::text::{Style, Tone, Took, count};

mod hop;
mod near_miss;
mod tally;

/// Timeline entries that are shown, the last ones.
const TIMELINE_SHOWN: usize = 12;

/// The verdict of a handle whose first near miss ended the scenario.
const FAILED_FAST: &str =
    "a message came that does not match, and `fail_fast` ends the scenario with it";

/// Where a scenario is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// The row of values that it runs with.
    pub(crate) row: Option<Row>,
}

/// Where and why something panicked, to stand after "panicked".
pub(crate) fn panic_text(panic: &CaughtPanic) -> String {
    let place = panic
        .location
        .as_ref()
        .map(|place| format!(" at {place}"))
        .unwrap_or_default();
    let backtrace = panic
        .backtrace
        .as_ref()
        .map(|trace| format!("\n{trace}"))
        .unwrap_or_default();
    format!("{place}:\n{}{backtrace}", panic.message)
}

/// The text of a result by itself.
pub(crate) fn render(result: &ScenarioResult, style: Style) -> String {
    Text {
        result,
        style,
        indent: 0,
        out: String::new(),
    }
    .all(result.outcome, None, None)
}

/// The text of a scenario under the runner: with its place, and how its body broke.
pub(crate) fn render_run(
    result: &ScenarioResult,
    outcome: Outcome,
    broken: Option<&str>,
    style: Style,
    site: Site,
) -> String {
    Text {
        result,
        style,
        indent: 0,
        out: String::new(),
    }
    .all(outcome, broken, Some(site))
}

impl ScenarioResult {
    /// What a person reads when the scenario did not pass: which hop broke, and why. Plain text.
    pub fn failure_text(&self) -> String {
        render(self, Style::plain())
    }

    /// Ends the test unless the outcome is pass or slow.
    ///
    /// # Panics
    ///
    /// With the failure text.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.outcome <= Outcome::Slow, "\n{}", self.failure_text());
    }
}

struct Text<'r> {
    /// The last act's, or that of the act which is written.
    result: &'r ScenarioResult,
    style: Style,
    /// In front of each line.
    indent: usize,
    out: String,
}

pub(super) fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Pass => Tone::Good,
        Outcome::Slow => Tone::Warn,
        _ => Tone::Bad,
    }
}

impl<'r> Text<'r> {
    fn line(&mut self, indent: usize, text: impl AsRef<str>) {
        let indent = self.indent + indent;
        for line in text.as_ref().lines() {
            if line.is_empty() {
                self.out.push('\n');
            } else {
                let _ = writeln!(self.out, "{:indent$}{line}", "");
            }
        }
    }

    fn paint(&self, tone: Tone, text: impl std::fmt::Display) -> String {
        self.style.paint(tone, text)
    }

    fn all(mut self, outcome: Outcome, broken: Option<&str>, site: Option<Site>) -> String {
        let word = outcome.as_str().to_uppercase();
        let mut header = format!(
            "{}  {}",
            self.paint(tone(outcome), word),
            self.paint(Tone::Strong, &self.result.name)
        );
        let legs: Vec<_> = self.result.legs.iter().map(ToString::to_string).collect();
        let over = format!("  over {}", legs.join(" and "));
        header.push_str(&self.paint(Tone::Quiet, over));
        if let Some(site) = site {
            let place = format!("  {}:{}", site.file, site.line);
            header.push_str(&self.paint(Tone::Quiet, place));
        }
        self.line(0, header);
        if let Some(row) = site.and_then(|site| site.row) {
            self.line(2, self.paint(Tone::Quiet, format!("case: {row}")));
        }
        if let Some(broken) = broken {
            let (head, rest) = broken.split_once('\n').unwrap_or((broken, ""));
            self.line(2, self.paint(Tone::Bad, head));
            self.line(4, rest);
        }
        if let Some(error) = &self.result.error {
            let text = self.paint(Tone::Bad, &error.text);
            self.line(2, text);
        }
        match self.result.acts().as_slice() {
            [_] => self.act(),
            acts => self.acts(acts),
        }
        self.chance();
        self.timeline();
        self.out
    }

    /// How what was left to chance comes out the same again.
    fn chance(&mut self) {
        let acts = self.result.acts();
        let mut replies = acts.iter().flat_map(|act| &act.replies);
        if let Some(seed) = replies.find_map(|reply| reply.run_seed) {
            let text = format!("chance was drawn from {seed}: CHOREO_SEED={seed} repeats it");
            self.line(2, self.paint(Tone::Quiet, text));
        }
    }

    fn acts(&mut self, acts: &[&'r ScenarioResult]) {
        let last = self.result;
        for act in acts {
            self.line(2, self.paint(Tone::Strong, format!("act {}", act.act)));
            self.result = act;
            self.indent = 2;
            self.act();
            self.indent = 0;
        }
        self.result = last;
    }

    fn act(&mut self) {
        if let Some(order) = &self.result.out_of_order {
            self.order(order);
        }
        // What broke stands first, then what is undecided; what went well is context.
        let mut handles: Vec<_> = self
            .result
            .handles
            .iter()
            .map(|handle| &handle.data)
            .collect();
        handles.sort_by_key(|data| {
            let well = !data.outcome.is_failure();
            (well, data.interrupted, std::cmp::Reverse(data.outcome))
        });
        for data in handles {
            self.handle(data);
        }
        self.replies();
        self.nobody_there();
    }

    fn handle(&mut self, data: &HandleData) {
        let mark = match data.outcome {
            Outcome::Pass => self.paint(Tone::Good, "✓"),
            Outcome::Slow => self.paint(Tone::Warn, "~"),
            _ if data.interrupted => self.paint(Tone::Quiet, "·"),
            _ => self.paint(Tone::Bad, "✗"),
        };
        let tally = data.tally.as_deref();
        let tallied = tally.and_then(|tally| tally::verdict(data, tally, &self.within(data)));
        let verdict = tallied.unwrap_or_else(|| match data.outcome {
            Outcome::Pass | Outcome::Slow => latency_of(data),
            Outcome::Error => data.error.clone().unwrap_or_else(|| "error".to_owned()),
            Outcome::Fail if data.failed_fast => FAILED_FAST.to_owned(),
            _ if data.interrupted && data.near_miss_count == 0 => "nothing had come yet".to_owned(),
            _ if data.interrupted => {
                format!("{} so far", count(data.near_miss_count, "near miss"))
            }
            Outcome::Fail => format!(
                "{} came {}, none matched",
                count(data.near_miss_count, "message"),
                self.within(data)
            ),
            _ => match late(data) {
                Some(late) => late + &self.since(data),
                None => format!("nothing came {}", self.within(data)),
            },
        });
        let topic = self.paint(Tone::Strong, self.result.shown(&data.topic));
        let place = self.paint(Tone::Quiet, place(data.location));
        let word = if data.interrupted {
            "undecided"
        } else {
            data.outcome.as_str()
        };
        let on = match &self.result.leg(data.leg).label {
            None => String::new(),
            Some(label) => self.paint(Tone::Quiet, format!(" on {label}")),
        };
        self.line(2, format!("{mark} {topic}{on}  {word}: {verdict}  {place}"));
        match (data.outcome, tally) {
            (Outcome::Fail, Some(tally)) => self.tally(data, tally),
            (Outcome::Fail, None) => self.near_misses(data),
            (Outcome::Timeout, _) if !data.interrupted => {
                if let Some(tally) = tally {
                    self.tally(data, tally);
                }
                self.nothing_came(data);
            }
            _ => {}
        }
        if data.outcome == Outcome::Fail
            && let Some(late) = late(data)
        {
            let text = format!("a message that matches {late}");
            self.line(6, self.paint(Tone::Warn, text));
        }
        if let Some(note) = &data.note {
            self.line(6, self.paint(Tone::Warn, note));
        }
    }

    /// In what time it did not come, and since which message where that is not the trigger.
    fn within(&self, data: &HandleData) -> String {
        let within = within(data, self.result.timeout);
        match data.missed() {
            Some(_) => within + &self.since(data),
            None => within,
        }
    }

    fn timeline(&mut self) {
        let entries = &self.result.timeline;
        if entries.is_empty() {
            return;
        }
        let shown = entries.len().min(TIMELINE_SHOWN);
        let hidden = entries.len() - shown;
        let dropped = self.result.timeline_dropped;
        let mut title = "timeline".to_owned();
        if hidden > 0 || dropped > 0 {
            let _ = write!(
                title,
                ", the last {shown} of {}",
                entries.len() as u64 + dropped
            );
        }
        self.line(2, self.paint(Tone::Quiet, title));
        let labels = self.result.legs.iter().filter_map(|leg| leg.label.as_ref());
        let labels = labels.map(|label| label.chars().count()).max().unwrap_or(0);
        for entry in &entries[hidden..] {
            let at = format!("+{}", Took(entry.offset));
            let topic = self.result.shown(entry.topic.as_deref().unwrap_or(""));
            let transport = match &entry.transport {
                None => String::new(),
                Some(transport) => format!("{transport:<labels$} "),
            };
            let mut text = format!("{at:>10}  {:<12} {transport}{topic}", entry.action.word());
            if !entry.detail.is_empty() {
                let _ = write!(text, "  {}", crate::text::shorten(&entry.detail, 120));
            }
            self.line(4, self.paint(Tone::Quiet, text.trim_end()));
        }
    }
}

/// In what time what was expected did not come. `timeout` is what a person wrote, rather than what the clock
/// showed a moment later.
pub(crate) fn within(data: &HandleData, timeout: Duration) -> String {
    match data.missed() {
        Some(deadline) => format!("by its deadline of {}", Took(deadline.after)),
        None => format!("within {}", Took(data.waited.min(timeout))),
    }
}

/// When a message came that was right, had its deadline not passed.
pub(crate) fn late(data: &HandleData) -> Option<String> {
    let deadline = data.missed()?;
    let (by, after) = (Took(deadline.late?.by), Took(deadline.after));
    Some(format!("came {by} after its deadline of {after}"))
}

fn place(location: Location) -> String {
    let file = location
        .file
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(location.file);
    format!("{file}:{}", location.line)
}

fn latency_of(data: &HandleData) -> String {
    match (data.latency, data.budget) {
        (Some(latency), Some(budget)) if latency > budget => {
            format!(
                "took {}, {} over its budget of {}",
                Took(latency),
                Took(latency - budget),
                Took(budget)
            )
        }
        (Some(latency), Some(budget)) => format!("{} of {}", Took(latency), Took(budget)),
        (Some(latency), None) => Took(latency).to_string(),
        (None, _) => "matched".to_owned(),
    }
}
