//! Strict version 1.3: no unknown field, its limits kept, its rules between fields obeyed.
//!
//! What 1.3 cannot say is left out: near misses with their messages, acts, causal edges, events that it has no
//! word for. That is no loss of what 1.3 shows. Where its limits cut something that it would show, that is
//! counted, and the report says that it is truncated.

mod handle;
mod reply;
mod rules;
mod timeline;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Number;

use crate::model::{
    ChoreoMeta, HandleOutcome, ReplyState, Report, Run, Scenario, ScenarioOutcome, Stage, Test,
    TestOutcome, Totals,
};
use crate::redact::Redactor;

use self::rules::{bridge_class, is_hash, is_version, keep, keep_tail, transport_name, unique};

/// The version of the redaction rules, where a report does not say it.
const REDACTION_VERSION: &str = "v2";

const SCENARIOS: usize = 100;
const HANDLES: usize = 100;
const REPLIES: usize = 100;
const EVENTS: usize = 256;

/// A report as version 1.3 writes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// The report. Serialized, it is valid by [`schema::V1_3`](crate::schema::V1_3).
    pub report: Report,
    /// What the limits of 1.3 cut.
    pub cuts: Cuts,
}

/// How much the limits of version 1.3 cut from a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cuts {
    /// Scenarios beyond 100 of a test.
    pub scenarios: u64,
    /// Expectations beyond 100 of a scenario.
    pub handles: u64,
    /// Replies beyond 100 of a scenario.
    pub replies: u64,
    /// Events beyond 256 of a scenario, the oldest. The scenario counts them too.
    pub events: u64,
    /// Differences of messages beyond 20 of an expectation. The expectation counts them too.
    pub failures: u64,
    /// Texts that are too long.
    pub texts: u64,
}

impl Cuts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(count, _)| count).sum()
    }

    fn named(&self) -> [(u64, &'static str); 6] {
        [
            (self.scenarios, "scenarios"),
            (self.handles, "expectations"),
            (self.replies, "replies"),
            (self.events, "events"),
            (self.failures, "near misses"),
            (self.texts, "long texts"),
        ]
    }
}

impl fmt::Display for Cuts {
    /// Such as `3 scenarios, 12 events`, or `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.named();
        let mut some = named.iter().filter(|(count, _)| *count > 0).peekable();
        if some.peek().is_none() {
            return f.write_str("nothing");
        }
        while let Some((count, what)) = some.next() {
            let comma = if some.peek().is_some() { ", " } else { "" };
            write!(f, "{count} {what}{comma}")?;
        }
        Ok(())
    }
}

/// Turns a report into one of version 1.3.
#[must_use]
pub fn export(mut report: Report) -> Exported {
    let mut cuts = Cuts::default();
    report.schema_version = "1.3".to_owned();
    report.extra.clear();
    Redactor::forget_rules(&mut report);
    for test in &mut report.tests {
        self::test(test, &mut report.run.totals, &mut cuts);
    }
    let scenarios = report.tests.iter().flat_map(|test| &test.scenarios);
    let stages = scenarios.filter_map(|scenario| scenario.stage.as_ref());
    let on_stages = stages
        .flat_map(|stage| stage.transports.iter().cloned())
        .collect();
    run(&mut report.run, on_stages);
    report.run.truncated |= cuts.total() > 0;
    Exported { report, cuts }
}

fn run(run: &mut Run, on_stages: BTreeSet<String>) {
    run.extra.clear();
    run.totals.extra.clear();
    run.os = None;
    run.arch = None;
    run.cpus = None;
    run.toolchain = None;
    run.command_line.clear();
    run.ci = None;
    run.git_dirty = None;
    run.interrupted = false;
    run.seed = None;
    run.processes = None;
    run.notices.clear();
    run.slow_policy = None;

    if run.transport.is_none() && run.transports.is_empty() {
        run.transports = on_stages.into_iter().collect();
    }
    // No transport, several transports and the version of redaction go together.
    if run.transport.is_some() || run.transports.is_empty() {
        run.transport.get_or_insert_with(|| "unknown".to_owned());
        run.transports.clear();
        run.redactions.redaction_version = None;
    } else {
        run.transports = unique(run.transports.iter().map(|name| transport_name(name)));
        let version = &mut run.redactions.redaction_version;
        if !version.as_deref().is_some_and(is_version) {
            *version = Some(REDACTION_VERSION.to_owned());
        }
    }
    run.redactions.rules.clear();
    run.redactions.extra.clear();

    // Whatever is so long is neither a commit nor a branch.
    let short = |text: &String| text.chars().count() <= 256;
    run.git_sha = run.git_sha.take().filter(short);
    run.git_branch = run.git_branch.take().filter(short);
    run.xdist = run.xdist.take().filter(|xdist| xdist.workers > 0);
    if let Some(xdist) = &mut run.xdist {
        xdist.extra.clear();
        let lost = std::mem::take(&mut xdist.incomplete_workers).into_iter();
        xdist.incomplete_workers = unique(lost.filter(|worker| !worker.is_empty()));
    }
}

fn test(test: &mut Test, totals: &mut Totals, cuts: &mut Cuts) {
    test.extra.clear();
    test.package = None;
    test.target = None;
    test.location = None;
    test.case = None;
    test.rerun = None;
    test.started_at = None;
    test.process = None;
    test.flaky = None;
    test.attempts = None;

    if test.nodeid.is_empty() {
        test.nodeid = "(no name)".to_owned();
    }
    test.choreo_meta = meta(test.choreo_meta.take(), std::mem::take(&mut test.tags));
    let failure_text = test.failure_text.take();
    test.traceback = test.traceback.take().or(failure_text);
    if test.outcome.is_failure() && test.traceback.is_none() {
        test.traceback = Some("no reason was recorded".to_owned());
    }
    for text in [&mut test.stdout, &mut test.stderr, &mut test.log] {
        keep_tail(text, &mut cuts.texts);
    }
    // Those that say why the test ended as it did stay.
    keep(
        &mut test.scenarios,
        SCENARIOS,
        &mut cuts.scenarios,
        |scenario| scenario.outcome != ScenarioOutcome::Pass,
    );
    for scenario in &mut test.scenarios {
        self::scenario(scenario, cuts);
    }
    let is_slow = |scenario: &Scenario| scenario.outcome == ScenarioOutcome::Slow;
    if test.outcome == TestOutcome::Slow && !test.scenarios.iter().any(is_slow) {
        test.outcome = TestOutcome::Passed;
        totals.slow = totals.slow.saturating_sub(1);
        totals.passed = totals.passed.saturating_add(1);
    }
}

fn meta(meta: Option<ChoreoMeta>, tags: Vec<String>) -> Option<ChoreoMeta> {
    let mut meta = meta.unwrap_or_default();
    meta.extra.clear();
    let is_time = |ms: &Number| ms.as_f64().is_some_and(|ms| ms >= 0.0);
    meta.timeout_ms = meta.timeout_ms.filter(is_time);
    if meta.tags.is_empty() {
        meta.tags = tags;
    }
    (meta != ChoreoMeta::default()).then_some(meta)
}

fn scenario(scenario: &mut Scenario, cuts: &mut Cuts) {
    scenario.extra.clear();
    scenario.verdict = None;
    scenario.started_ms = None;
    scenario.timeout_ms = None;
    scenario.error = None;
    scenario.body_error = None;
    scenario.transports.clear();
    scenario.acts.clear();
    scenario.messages.clear();
    scenario.messages_dropped = None;
    scenario.cause = None;
    scenario.surprises.clear();
    scenario.surprises_dropped = None;
    scenario.order_violations.clear();

    scenario.stage = scenario.stage.take().and_then(stage);
    let transports = scenario
        .stage
        .as_ref()
        .map(|stage| stage.transports.as_slice());
    match transports {
        Some(_) => scenario.summary_text.clear(),
        None => keep_tail(&mut scenario.summary_text, &mut cuts.texts),
    }
    timeline::export(&mut scenario.timeline, &scenario.handles, transports, cuts);
    // The newest say how it ended.
    let over = scenario.timeline.len().saturating_sub(EVENTS);
    scenario.timeline.drain(..over);
    scenario.timeline_dropped = scenario.timeline_dropped.saturating_add(over as u64);
    cuts.events += over as u64;

    keep(
        &mut scenario.handles,
        HANDLES,
        &mut cuts.handles,
        |handle| handle.outcome != HandleOutcome::Pass,
    );
    for handle in &mut scenario.handles {
        handle::export(handle, transports, cuts);
    }
    keep(&mut scenario.replies, REPLIES, &mut cuts.replies, |reply| {
        reply.state != ReplyState::Replied
    });
    for reply in &mut scenario.replies {
        reply::export(reply, transports);
    }
}

/// The block of a scenario with several transports; nothing if it names none.
fn stage(mut stage: Stage) -> Option<Stage> {
    stage.extra.clear();
    stage.bridge_class = bridge_class(&stage.bridge_class);
    stage.transports = unique(stage.transports.iter().map(|name| transport_name(name)));
    let ids = std::mem::take(&mut stage.correlation_ids).into_iter();
    stage.correlation_ids = ids
        .filter(|(_, id)| is_hash(id))
        .map(|(name, id)| (transport_name(&name), id))
        .collect();
    (!stage.transports.is_empty()).then_some(stage)
}

#[cfg(test)]
mod tests;
