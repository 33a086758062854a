//! One judged scenario as the report shows it.

use std::time::{Duration, Instant};

use choreo_report::model::{
    ChoreoMeta, Millis, Outcome, Scenario, ScenarioOutcome, Test as Shown, TestOutcome, Timestamp,
};
use choreo_report::partial::Header;

use crate::interrupt::Signal;
use crate::registry::Test;
use crate::verdict::{Kind, Status, Verdict};

/// The times of a run: one look at the clock on the wall, all else by the one that does not jump.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) began: Timestamp,
    pub(super) origin: Instant,
    /// When the run began, of which this process is a part.
    pub(super) run_began: Timestamp,
}

impl Clock {
    pub(super) fn at(&self, instant: Instant) -> Timestamp {
        self.began
            .after(instant.saturating_duration_since(self.origin))
    }

    /// From the beginning of the run.
    fn offset(&self, at: Timestamp) -> Millis {
        let micros = at.as_micros().saturating_sub(self.run_began.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or_default()).into()
    }
}

/// The end of a scenario.
pub(super) fn ended(
    header: &Header,
    index: usize,
    test: &Test,
    verdict: Verdict,
    started: Option<Instant>,
    clock: &Clock,
) -> Option<Box<Shown>> {
    let took = match (&verdict.record, started) {
        (Some(record), _) => record.duration,
        (None, Some(started)) => started.elapsed(),
        (None, None) => Duration::ZERO,
    };
    let mut shown = header.test(index, outcome(&verdict), took)?;
    shown.started_at = started.map(|started| clock.at(started));
    if test.case.should_fail.is_some() {
        shown.markers.push("should_fail".to_owned());
    }
    let text = text(&verdict);
    match verdict.status {
        Status::Failed => {
            shown.traceback = Some(text.clone().unwrap_or_default());
            shown.failure_text = text;
        }
        Status::Ignored => {
            let why = text.or_else(|| test.case.ignore.map(str::to_owned));
            shown.skip_reason = Some(
                why.filter(|why| !why.is_empty())
                    .unwrap_or_else(|| "ignored".to_owned()),
            );
        }
        Status::Passed => shown.failure_text = text,
    }
    if let Some(record) = verdict.record {
        let mut scenario = match record.detail {
            Some(detail) => *detail,
            None => Scenario::new(test.name.clone(), record.outcome, record.duration),
        };
        if let Some(at) = shown.started_at {
            scenario.started_ms = Some(clock.offset(at));
        }
        if let Some(timeout) = scenario.timeout_ms {
            let meta = shown.choreo_meta.get_or_insert_with(ChoreoMeta::default);
            meta.timeout_ms = serde_json::Number::from_f64(timeout.get());
        }
        // Version 1.3 knows slow tests by their scenarios.
        if shown.outcome == TestOutcome::Slow && scenario.outcome != ScenarioOutcome::Slow {
            scenario.outcome = ScenarioOutcome::Slow;
        }
        shown.scenarios.push(scenario);
    }
    Some(Box::new(shown))
}

/// A scenario that had not ended when the run was stopped.
pub(super) fn stopped(
    header: &Header,
    index: usize,
    signal: Signal,
    started: Option<Instant>,
    clock: &Clock,
) -> Option<Box<Shown>> {
    let Some(started) = started else {
        let mut shown = header.test(index, TestOutcome::Skipped, Duration::ZERO)?;
        shown.skip_reason = Some(format!("the run was stopped by {signal} before it began"));
        return Some(Box::new(shown));
    };
    let mut shown = header.test(index, TestOutcome::Errored, started.elapsed())?;
    let text = format!("the run was stopped by {signal} while this scenario ran");
    shown.started_at = Some(clock.at(started));
    shown.traceback = Some(text.clone());
    shown.failure_text = Some(text);
    Some(Box::new(shown))
}

fn outcome(verdict: &Verdict) -> TestOutcome {
    match (verdict.status, verdict.kind) {
        (Status::Failed, Kind::Outcome(Outcome::Error)) => TestOutcome::Errored,
        (Status::Failed, _) => TestOutcome::Failed,
        (Status::Passed, Kind::Outcome(Outcome::Slow)) => TestOutcome::Slow,
        (Status::Passed, _) => TestOutcome::Passed,
        (Status::Ignored, _) => TestOutcome::Skipped,
    }
}

/// What it has to say, as it may be kept: without the colours of a terminal, and without what no report shows.
pub(super) fn text(verdict: &Verdict) -> Option<String> {
    let text = anstream::adapter::strip_str(verdict.text.as_deref()?).to_string();
    Some(match &verdict.record {
        Some(record) => record.replacements.apply(&text).into_owned(),
        None => text,
    })
}
