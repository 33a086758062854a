//! What the end of a scenario means for the run: the policies applied.

use std::collections::HashMap;
use std::time::Duration;

use choreo_report::model::{HandleRecord, Outcome, ScenarioRecord};

use crate::args::SkipPolicy;
use crate::case::{Case, SlowPolicy};
use crate::registry::Test;
use crate::resources::ResourceId;
use crate::run::Finish;
use crate::text::{count, first_line, measured};

/// The three results that libtest knows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Passed,
    Failed,
    Ignored,
}

/// What the summary counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Outcome(Outcome),
    ExpectedFailure,
    Skipped,
    /// None was to start after the first failure.
    NotRun,
    Ignored,
}

/// The judged end of a scenario.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) kind: Kind,
    /// What follows the result in the line of the test; empty if there is nothing to say.
    pub(crate) detail: String,
    /// The explanation: of a failure, expected or not.
    pub(crate) text: Option<String>,
    /// What the scenario left; `None` if it did not run.
    pub(crate) record: Option<ScenarioRecord>,
}

impl Verdict {
    /// The expectations of the scenario; none if it did not run.
    pub(crate) fn handles(&self) -> &[HandleRecord] {
        self.record.as_ref().map_or(&[], |record| &record.handles)
    }
}

/// Judges the scenarios of one run.
pub(crate) struct Judge {
    slow: SlowPolicy,
    skipped: SkipPolicy,
    /// Resources that could not be opened, with the test that shows the cause.
    shown: HashMap<ResourceId, String>,
}

impl Judge {
    pub(crate) fn new(slow: SlowPolicy, skipped: SkipPolicy) -> Self {
        Self {
            slow,
            skipped,
            shown: HashMap::new(),
        }
    }

    pub(crate) fn judge(&mut self, test: &Test, finish: Finish) -> Verdict {
        match finish {
            Finish::Ran(record) => self.ran(test.case, record),
            Finish::Ignored => Verdict {
                status: Status::Ignored,
                kind: Kind::Ignored,
                detail: after_comma(test.case.ignore.unwrap_or_default()),
                text: None,
                record: None,
            },
            Finish::Skipped(reason) => self.skipped(test.case, reason),
            Finish::Unavailable { resource, cause } => self.unavailable(test, resource, &cause),
            Finish::NotRun => Verdict {
                status: Status::Ignored,
                kind: Kind::NotRun,
                detail: String::new(),
                text: Some("not run: another scenario failed before (--fail-fast)".to_owned()),
                record: None,
            },
            Finish::Broken(text) => failed_to_run("(error)", at(test.case, &text)),
        }
    }

    fn ran(&self, case: &Case, record: ScenarioRecord) -> Verdict {
        let outcome = record.outcome;
        let policy = case.slow.unwrap_or(self.slow);
        let denied = outcome == Outcome::Slow && policy == SlowPolicy::Deny;
        let failed = outcome.is_failure() || denied;
        let text = if denied {
            Some(at(case, &denied_text(case, &record)))
        } else {
            record.failure.clone()
        };
        let (status, kind, detail, text) = match (failed, case.should_fail) {
            (true, Some(why)) => (
                Status::Passed,
                Kind::ExpectedFailure,
                format!(
                    "(failed as expected: {outcome}{}{})",
                    after_dash(why),
                    slowest(&record)
                ),
                text,
            ),
            (false, Some(why)) => (
                Status::Failed,
                Kind::Outcome(Outcome::Fail),
                format!(
                    "(should fail but passed{}{})",
                    after_dash(why),
                    slowest(&record)
                ),
                Some(at(case, &passed_text(why, outcome))),
            ),
            (true, None) => (
                Status::Failed,
                Kind::Outcome(outcome),
                failure_detail(&record),
                text,
            ),
            (false, None) => (
                Status::Passed,
                Kind::Outcome(outcome),
                success_detail(&record),
                None,
            ),
        };
        Verdict {
            status,
            kind,
            detail,
            text,
            record: Some(record),
        }
    }

    fn skipped(&self, case: &Case, reason: String) -> Verdict {
        let detail = after_comma(first_line(&reason));
        match self.skipped {
            SkipPolicy::Warn => Verdict {
                status: Status::Ignored,
                kind: Kind::Skipped,
                detail,
                text: Some(reason),
                record: None,
            },
            SkipPolicy::Deny => skip_denied(
                case,
                "skipping is denied (--skipped=deny or CHOREO_SKIP=deny)",
                &reason,
            ),
            SkipPolicy::DenyUnseen => skip_denied(
                case,
                "nextest would count it as passed (CHOREO_SKIP=warn accepts that)",
                &reason,
            ),
        }
    }

    fn unavailable(&mut self, test: &Test, resource: ResourceId, cause: &str) -> Verdict {
        let name = resource.name;
        let text = match self.shown.get(&resource) {
            Some(first) => {
                format!("`{name}` could not be opened: the cause is shown at {first}")
            }
            None => {
                self.shown.insert(resource, test.name.clone());
                format!("`{name}` could not be opened:\n{cause}")
            }
        };
        failed_to_run(&format!("(error: `{name}` could not be opened)"), text)
    }
}

fn skip_denied(case: &Case, why: &str, reason: &str) -> Verdict {
    let text = format!("this scenario cannot run here, and {why}:\n{reason}");
    failed_to_run("(skipped)", at(case, &text))
}

fn failed_to_run(detail: &str, text: String) -> Verdict {
    Verdict {
        status: Status::Failed,
        kind: Kind::Outcome(Outcome::Error),
        detail: detail.to_owned(),
        text: Some(text),
        record: None,
    }
}

/// Latency over budget; above 1 is too slow.
pub(crate) fn load(handle: &HandleRecord) -> Option<f64> {
    let (latency, budget) = (handle.latency?, handle.budget?);
    Some(latency.as_secs_f64() / budget.as_secs_f64().max(f64::MIN_POSITIVE))
}

fn success_detail(record: &ScenarioRecord) -> String {
    // The slowest; if some are over their budgets, the furthest over.
    let excess = |handle: &HandleRecord| match record.outcome {
        Outcome::Slow => load(handle).unwrap_or(-1.0),
        _ => 0.0,
    };
    let shown = record.handles.iter().max_by(|a, b| {
        let by_latency = a.latency.cmp(&b.latency);
        excess(a).total_cmp(&excess(b)).then(by_latency)
    });
    let Some(handle) = shown else {
        return String::new();
    };
    match (handle.latency, handle.budget) {
        (Some(latency), Some(budget)) if record.outcome == Outcome::Slow => {
            format!("({})", over(latency, budget, &handle.place()))
        }
        (Some(latency), budget) => format!("({})", of_budget(latency, budget)),
        (None, _) => String::new(),
    }
}

/// The slowest of those that were answered, for the line of a scenario that failed for another reason.
fn slowest(record: &ScenarioRecord) -> String {
    let answered = record
        .handles
        .iter()
        .filter(|handle| !handle.outcome.is_failure())
        .filter_map(|handle| Some((handle.latency?, handle.budget)));
    match answered.max_by_key(|(latency, _)| *latency) {
        Some((latency, budget)) => format!("; slowest {}", of_budget(latency, budget)),
        None => String::new(),
    }
}

fn of_budget(latency: Duration, budget: Option<Duration>) -> String {
    match budget {
        Some(budget) => format!("{} of {}", measured(latency), measured(budget)),
        None => measured(latency),
    }
}

fn failure_detail(record: &ScenarioRecord) -> String {
    let outcome = record.outcome;
    let worst: Vec<&HandleRecord> = record
        .handles
        .iter()
        .filter(|handle| handle.outcome == outcome)
        .collect();
    let what = match worst.as_slice() {
        [one] => one.place(),
        // All that the outcome says is then in the text of the failure.
        [] => String::new(),
        several => format!(
            "{} of {}",
            several.len(),
            count(record.handles.len(), "expectation")
        ),
    };
    let what = if what.is_empty() {
        what
    } else {
        format!(": {what}")
    };
    let slowest = slowest(record);
    match outcome {
        Outcome::Slow => {
            let slow = success_detail(record);
            format!("(slow: {}", slow.trim_start_matches('('))
        }
        Outcome::Timeout => {
            let after = measured(record.duration);
            format!("(timeout after {after}{what}{slowest})")
        }
        _ => format!("({outcome}{what}{slowest})"),
    }
}

fn denied_text(case: &Case, record: &ScenarioRecord) -> String {
    let by = if case.slow.is_some() {
        "this scenario (slow = deny)"
    } else {
        "this run (--slow=deny or CHOREO_SLOW=deny)"
    };
    let mut text = format!("right, but over the latency budget, which {by} does not allow:");
    for handle in &record.handles {
        if let (Outcome::Slow, Some(latency), Some(budget)) =
            (handle.outcome, handle.latency, handle.budget)
        {
            text.push_str("\n    ");
            text.push_str(&handle.place());
            text.push_str(": ");
            text.push_str(&format!(
                "{}, budget {}",
                measured(latency),
                measured(budget)
            ));
        }
    }
    text
}

fn passed_text(why: &str, outcome: Outcome) -> String {
    let reason = if why.is_empty() {
        String::new()
    } else {
        format!(" ({why})")
    };
    format!(
        "should fail{reason} but passed (outcome: {outcome})\n\
         if this is what it should do by now, take the `should_fail` away"
    )
}

fn over(latency: Duration, budget: Duration, topic: &str) -> String {
    format!(
        "{}, budget {}, {topic}",
        measured(latency),
        measured(budget)
    )
}

/// The texts that the runner writes itself say where the scenario and its row are, as those of scenarios do.
fn at(case: &Case, text: &str) -> String {
    let row = case.row.map(|row| format!("case: {row}\n"));
    let row = row.unwrap_or_default();
    format!("at {}:{}\n{row}{text}", case.file, case.line)
}

fn after_comma(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(", {why}")
    }
}

fn after_dash(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(" — {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_the_slowest_unless_some_are_over_their_budgets() {
        let handle = |latency, budget: Option<u64>| {
            let handle = HandleRecord::new("orders", Outcome::Pass);
            let handle = handle.with_latency(Some(Duration::from_millis(latency)));
            match budget {
                Some(budget) => handle.with_budget(Duration::from_millis(budget)),
                None => handle,
            }
        };
        let shown = |outcome, handles| {
            success_detail(&ScenarioRecord::new(outcome, handles, Duration::ZERO, None))
        };
        let handles = || vec![handle(1, Some(50)), handle(900, None), handle(30, Some(40))];
        assert_eq!(shown(Outcome::Pass, handles()), "(900 ms)");
        let mut slow = handles();
        slow.extend([handle(90, Some(50)), handle(600, Some(500))]);
        assert_eq!(shown(Outcome::Slow, slow), "(90 ms, budget 50 ms, orders)");
        let on_a_stage = handle(90, Some(50)).with_transport(Some("kafka".to_owned()));
        assert_eq!(
            shown(Outcome::Slow, vec![on_a_stage]),
            "(90 ms, budget 50 ms, orders on kafka)"
        );
        assert_eq!(shown(Outcome::Pass, Vec::new()), "");
    }

    #[test]
    fn the_line_of_a_failure_shows_the_slowest_answer() {
        let handle = |outcome, latency: Option<u64>| {
            let handle = HandleRecord::new("orders", outcome);
            handle.with_latency(latency.map(Duration::from_millis))
        };
        let shown = |outcome, answered: Vec<HandleRecord>| {
            let mut handles = vec![handle(outcome, Some(999))];
            handles.extend(answered);
            let duration = Duration::from_millis(500);
            failure_detail(&ScenarioRecord::new(outcome, handles, duration, None))
        };
        let budget = Duration::from_millis(50);
        let answered = || {
            let quick = handle(Outcome::Pass, Some(3)).with_budget(budget);
            let slow = handle(Outcome::Slow, Some(73)).with_budget(budget);
            vec![quick, slow, handle(Outcome::Pass, None)]
        };
        assert_eq!(
            shown(Outcome::Fail, answered()),
            "(fail: orders; slowest 73 ms of 50 ms)"
        );
        assert_eq!(
            shown(Outcome::Timeout, answered()),
            "(timeout after 500 ms: orders; slowest 73 ms of 50 ms)"
        );
        assert_eq!(
            shown(Outcome::Error, vec![handle(Outcome::Pass, Some(7))]),
            "(error: orders; slowest 7 ms)"
        );
        assert_eq!(shown(Outcome::Fail, Vec::new()), "(fail: orders)");
    }
}
