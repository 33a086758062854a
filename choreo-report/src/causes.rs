//! Why tests failed, in one sentence each and grouped by cause: what every summary leads with.
//!
//! Reports of version 1.4 say it themselves. For older ones it is derived from what they have.

use serde_json::Value;

use crate::model::{
    Cause, CauseKind, Handle, HandleOutcome, MatchFailure, MismatchKind, Notice, NoticeKind, Reply,
    ReplyState, Report, Scenario, Test, Totals,
};

/// Characters of a value in a sentence.
const VALUE_CHARS: usize = 60;

/// Characters of a line of a failure text in a sentence.
const LINE_CHARS: usize = 200;

/// One failed test and why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The test.
    pub test: &'a Test,
    /// Its scenario that failed first, if it was one that failed.
    pub scenario: Option<&'a Scenario>,
    /// The expectation of the scenario that says most, if it was one.
    pub handle: Option<&'a Handle>,
    /// Why.
    pub cause: Cause,
}

/// Failures with the same cause at the same place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Group<'a> {
    /// What kind of cause.
    pub kind: CauseKind,
    /// The topic, if the cause is on one.
    pub topic: Option<&'a str>,
    /// Where in the messages, if the cause is there.
    pub path: Option<&'a str>,
    /// The failures, in the order of the tests; never empty.
    pub failures: Vec<Failure<'a>>,
}

/// Why `test` failed; nothing if it did not.
#[must_use]
pub fn of_test(test: &Test) -> Option<Failure<'_>> {
    if !test.outcome.is_failure() {
        return None;
    }
    let failed = |scenario: &&Scenario| scenario.exact_outcome().is_failure();
    let found = test.scenarios.iter().filter(failed).find_map(|scenario| {
        let (handle, cause) = of_scenario(scenario)?;
        Some((Some(scenario), handle, cause))
    });
    let (scenario, handle, cause) = found.unwrap_or_else(|| (None, None, of_text(test)));
    Some(Failure {
        test,
        scenario,
        handle,
        cause,
    })
}

/// The failures of a report by cause: the cause of most tests first, then in the order of the tests.
#[must_use]
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for failure in report.tests.iter().filter_map(of_test) {
        let topic = failure.handle.map(|handle| handle.topic.as_str());
        let path = failure.handle.and_then(path);
        let kind = failure.cause.kind.clone();
        let index = *known
            .entry((kind.clone(), topic, path))
            .or_insert(groups.len());
        if index == groups.len() {
            groups.push(Group {
                kind,
                topic,
                path,
                failures: Vec::new(),
            });
        }
        groups[index].failures.push(failure);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.failures.len()));
    groups
}

/// How the run went, in one sentence.
#[must_use]
pub fn verdict(report: &Report) -> String {
    let run = &report.run;
    let Totals { total, slow, .. } = run.totals;
    // Who reads a report takes its numbers as they are, and theirs need not be true.
    let bad = run.totals.failed.saturating_add(run.totals.errored);
    let ran = total.saturating_sub(run.totals.skipped);
    let mut text = match (total, bad) {
        (0, _) => "No test was selected".to_owned(),
        (_, 0) if ran == 0 => format!("{} skipped, none ran", tests(total)),
        (1, 0) => "The test passed".to_owned(),
        (_, 0) => format!("All {} passed", tests(ran)),
        (1, _) => "The test failed".to_owned(),
        (_, _) => format!("{bad} of {} failed", tests(total)),
    };
    let mut more = Vec::new();
    if bad > 0 && run.totals.errored > 0 && total > 1 {
        more.push(format!("{} could not be carried out", run.totals.errored));
    }
    if slow > 0 {
        more.push(format!("{slow} slow"));
    }
    if run.totals.skipped > 0 && ran > 0 {
        more.push(format!("{} skipped", run.totals.skipped));
    }
    if !more.is_empty() {
        text = format!("{text} ({})", more.join(", "));
    }
    if run.interrupted {
        text = format!("The run was interrupted. {text}");
    }
    text + "."
}

/// What a reader must know before trusting the report, also what a report of an older version says elsewhere.
#[must_use]
pub fn notices(report: &Report) -> Vec<Notice> {
    let run = &report.run;
    let mut notices = run.notices.clone();
    if let Some(xdist) = &run.xdist
        && !xdist.incomplete_workers.is_empty()
    {
        let lost = xdist.incomplete_workers.len() as u64;
        let text = format!(
            "results of {} are lost",
            xdist.incomplete_workers.join(", ")
        );
        notices.push(Notice::new(NoticeKind::Lost, text, lost));
    }
    let shown = report.tests.len() as u64;
    let told = notices
        .iter()
        .any(|notice| notice.kind == NoticeKind::Dropped);
    if run.totals.total > shown && !told {
        let text = "tests are counted and not shown";
        notices.push(Notice::new(
            NoticeKind::Dropped,
            text,
            run.totals.total - shown,
        ));
    }
    if run.truncated && notices.is_empty() {
        notices.push(Notice::new(
            NoticeKind::Cut,
            "the report is not complete",
            1,
        ));
    }
    notices
}

fn tests(count: u64) -> String {
    match count {
        1 => "1 test".to_owned(),
        _ => format!("{count} tests"),
    }
}

fn of_scenario(scenario: &Scenario) -> Option<(Option<&Handle>, Cause)> {
    let failed = |handle: &&Handle| {
        handle
            .exact_outcome()
            .is_none_or(|outcome| outcome.is_failure())
    };
    let mut own = scenario
        .handles
        .iter()
        .filter(failed)
        .map(|handle| (handle, of_handle(handle)));
    let (mut interrupted, mut found) = (None, None);
    for (handle, cause) in own.by_ref() {
        let slot = match cause.kind {
            CauseKind::Interrupted => &mut interrupted,
            _ => &mut found,
        };
        slot.get_or_insert((handle, cause));
    }
    // A scenario of version 1.4 says itself what it failed of.
    if let Some(cause) = &scenario.cause {
        let same = |other: &Option<(&'_ Handle, Cause)>| {
            other.as_ref().is_some_and(|(_, other)| other == cause)
        };
        let handle = [found, interrupted].into_iter().find(same).flatten();
        return Some((handle.map(|(handle, _)| handle), cause.clone()));
    }
    // What ended the scenario is why others were interrupted, and an error is why some got nothing.
    if let Some(error) = &scenario.error {
        let kind = match error.kind.as_str() {
            "publish" => CauseKind::PublishFailed,
            "lost" => CauseKind::BrokerLost,
            "reply" => CauseKind::ReplyFailed,
            _ => CauseKind::Other,
        };
        let same = found.filter(|(_, cause)| cause.kind == kind);
        return Some(match same {
            Some((handle, cause)) => (Some(handle), cause),
            None => (None, Cause::new(kind, first_line(&error.text))),
        });
    }
    if let Some((handle, cause)) = found {
        // A reply that failed is why nothing came where its answer was expected.
        let starved = scenario
            .replies
            .iter()
            .filter(|reply| cause.kind == CauseKind::Routing && reply.reply_topic == handle.topic);
        return match starved.filter_map(of_reply).next() {
            Some(reply) => Some((None, reply)),
            None => Some((Some(handle), cause)),
        };
    }
    if let Some(cause) = scenario.replies.iter().find_map(of_reply) {
        return Some((None, cause));
    }
    if let Some(text) = &scenario.body_error {
        return Some((None, Cause::new(CauseKind::Other, first_line(text))));
    }
    interrupted.map(|(handle, cause)| (Some(handle), cause))
}

/// Why an expectation that did not pass failed.
#[must_use]
pub fn of_handle(handle: &Handle) -> Cause {
    if let Some(cause) = &handle.cause {
        return cause.clone();
    }
    let topic = &handle.topic;
    let waited = handle.diagnosis.deadline_ms.or(handle.latency_ms);
    let waited = waited.map_or(String::new(), |ms| format!(" within {:.0} ms", ms.get()));
    match handle.outcome {
        HandleOutcome::Timeout => Cause::new(
            CauseKind::Routing,
            format!("no message came on `{topic}`{waited}"),
        ),
        HandleOutcome::Slow => Cause::new(
            CauseKind::Late,
            format!("the message on `{topic}` came over its budget"),
        ),
        HandleOutcome::Fail => match leaf(handle) {
            Some(leaf) => of_difference(topic, handle.attempts, leaf),
            None => of_reason(topic, &handle.reason),
        },
        HandleOutcome::Pass | HandleOutcome::Pending => Cause::new(
            CauseKind::Interrupted,
            format!("`{topic}` was never judged"),
        ),
    }
}

/// Stage expectations of the Python tool have their difference in words only.
fn of_reason(topic: &str, reason: &str) -> Cause {
    let parts = reason.strip_prefix("at ").and_then(|rest| {
        let (path, rest) = rest.split_once(": expected ")?;
        let (expected, actual) = rest.split_once(", got ")?;
        Some((path, expected, actual))
    });
    match parts {
        Some((path, expected, actual)) => Cause::new(
            CauseKind::WrongValue,
            format!(
                "the message on `{topic}` was wrong: `{path}` was {}, expected {}",
                shortened(first_line(actual).as_str(), VALUE_CHARS),
                shortened(first_line(expected).as_str(), VALUE_CHARS)
            ),
        ),
        None => Cause::new(CauseKind::Other, first_line(reason)),
    }
}

fn of_difference(topic: &str, attempts: u64, leaf: &MatchFailure) -> Cause {
    let kind = match leaf.kind {
        MismatchKind::Missing => CauseKind::MissingField,
        MismatchKind::TypeMismatch => CauseKind::WrongType,
        _ => CauseKind::WrongValue,
    };
    let came = match attempts {
        0 | 1 => format!("the message on `{topic}` was wrong"),
        n => format!("{n} messages came on `{topic}` and were wrong"),
    };
    let path = &leaf.path;
    let text = match leaf.kind {
        MismatchKind::Missing => format!("{came}: `{path}` is missing"),
        _ => format!(
            "{came}: `{path}` was {}, expected {}",
            shown(&leaf.actual),
            shown(&leaf.expected)
        ),
    };
    Cause::new(kind, text)
}

fn of_reply(reply: &Reply) -> Option<Cause> {
    if let Some(cause) = &reply.cause {
        return Some(cause.clone());
    }
    if reply.state != ReplyState::ReplyFailed {
        return None;
    }
    let why = reply
        .error_text
        .as_deref()
        .or(reply.builder_error.as_deref());
    let text = format!(
        "the reply to `{}` could not be sent: {}",
        reply.trigger_topic,
        first_line(why.unwrap_or("no reason is known"))
    );
    Some(Cause::new(CauseKind::ReplyFailed, text))
}

/// What is known of a test that failed outside its scenarios.
fn of_text(test: &Test) -> Cause {
    let ours = test.failure_text.as_deref().map(first_line);
    // Python says what happened in the last line.
    let python = || {
        let lines = test.traceback.as_deref()?.lines();
        lines
            .rev()
            .find(|line| !line.trim().is_empty())
            .map(first_line)
    };
    let text = ours.filter(|line| !line.is_empty()).or_else(python);
    Cause::new(
        CauseKind::Other,
        text.unwrap_or_else(|| "no reason was recorded".to_owned()),
    )
}

/// Where in its messages an expectation failed.
fn path(handle: &Handle) -> Option<&str> {
    let near = handle
        .near_misses
        .first()
        .and_then(|miss| miss.differences.first());
    near.map(|difference| difference.path.as_str())
        .or_else(|| leaf(handle).map(|leaf| leaf.path.as_str()))
}

/// The first single difference of the closest message.
fn leaf(handle: &Handle) -> Option<&MatchFailure> {
    let mut failure = handle.failure.as_ref().or(handle.failures.last())?;
    while let Some(child) = failure.children.first() {
        failure = child;
    }
    Some(failure)
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string(), VALUE_CHARS)
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    shortened(
        lines.find(|line| !line.is_empty()).unwrap_or_default(),
        LINE_CHARS,
    )
}

fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Millis, Outcome, Run, ScenarioError, TestOutcome, Timestamp};

    fn report(tests: Vec<Test>) -> Report {
        let now = Timestamp::UNIX_EPOCH;
        let mut run = Run::new(now, now, Millis::ZERO);
        tests.iter().for_each(|test| run.totals.add(test.outcome));
        Report::new(run, tests)
    }

    fn test(name: &str, outcome: TestOutcome) -> Test {
        Test::new(name, "", name, outcome, Millis::ZERO)
    }

    fn failing(name: &str, topic: &str, kind: CauseKind) -> Test {
        let mut handle = Handle::new(topic, Outcome::Fail);
        handle.cause = Some(Cause::new(kind, "why"));
        let mut scenario = Scenario::new(name, Outcome::Fail, Millis::ZERO);
        scenario.handles.push(handle);
        let mut test = test(name, TestOutcome::Failed);
        test.scenarios.push(scenario);
        test
    }

    #[test]
    fn failures_are_grouped_by_cause_and_place_the_largest_group_first() {
        let report = report(vec![
            failing("a", "orders", CauseKind::Routing),
            failing("b", "orders", CauseKind::WrongValue),
            test("c", TestOutcome::Passed),
            failing("d", "orders", CauseKind::WrongValue),
            failing("e", "bills", CauseKind::WrongValue),
        ]);
        let groups = groups(&report);
        let shown: Vec<_> = groups
            .iter()
            .map(|group| {
                let names: Vec<_> = group
                    .failures
                    .iter()
                    .map(|f| f.test.name.as_str())
                    .collect();
                format!("{} {:?} {}", group.kind, group.topic, names.join(" "))
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"wrong_value Some("orders") b d"#,
                r#"routing Some("orders") a"#,
                r#"wrong_value Some("bills") e"#,
            ]
        );
    }

    #[test]
    fn what_ended_the_scenario_is_the_cause_of_what_it_interrupted() {
        let mut lost = failing("a", "orders", CauseKind::Interrupted);
        lost.scenarios[0].error = Some(ScenarioError::new("lost", "the broker is gone\nmore"));
        let failure = of_test(&lost).unwrap();
        assert_eq!(
            failure.cause,
            Cause::new(CauseKind::BrokerLost, "the broker is gone")
        );
    }

    #[test]
    fn a_verdict_is_one_sentence() {
        let outcomes = |outcomes: &[TestOutcome]| {
            verdict(&report(
                outcomes.iter().map(|outcome| test("a", *outcome)).collect(),
            ))
        };
        use TestOutcome::{Errored, Failed, Passed, Skipped, Slow};
        for (found, expected) in [
            (outcomes(&[]), "No test was selected."),
            (outcomes(&[Passed]), "The test passed."),
            (outcomes(&[Failed]), "The test failed."),
            (outcomes(&[Skipped, Skipped]), "2 tests skipped, none ran."),
            (
                outcomes(&[Passed, Slow, Skipped]),
                "All 2 tests passed (1 slow, 1 skipped).",
            ),
            (
                outcomes(&[Passed, Failed, Errored]),
                "2 of 3 tests failed (1 could not be carried out).",
            ),
        ] {
            assert_eq!(found, expected);
        }
        let mut interrupted = report(vec![test("a", Passed)]);
        interrupted.run.interrupted = true;
        assert_eq!(
            verdict(&interrupted),
            "The run was interrupted. The test passed."
        );
    }

    #[test]
    fn reports_without_causes_get_them_from_what_they_have() {
        for (golden, kind, text) in [
            (
                include_str!("../tests/golden/stage-near-miss.json"),
                CauseKind::WrongValue,
                "the message on `orders.done` was wrong: `v` was 1, expected 2",
            ),
            (
                include_str!("../tests/golden/reply-failed.json"),
                CauseKind::ReplyFailed,
                "the reply to `quotes.req` could not be sent: KeyError",
            ),
            (
                include_str!("../tests/golden/timeout-silent.json"),
                CauseKind::Routing,
                "no message came on `",
            ),
            (
                include_str!("../tests/golden/near-miss.json"),
                CauseKind::WrongValue,
                "3 messages came on `",
            ),
        ] {
            let report = crate::read::from_slice(golden.as_bytes()).unwrap().report;
            let groups = groups(&report);
            assert_eq!(groups[0].kind, kind);
            let cause = &groups[0].failures[0].cause;
            assert!(cause.text.starts_with(text), "{}", cause.text);
        }
    }

    #[test]
    fn gaps_of_older_reports_are_told() {
        let mut report = report(vec![test("a", TestOutcome::Passed)]);
        assert_eq!(notices(&report), []);
        report.run.totals.total = 1200;
        let notices = notices(&report);
        assert_eq!(
            (notices[0].kind.as_str(), notices[0].count),
            ("dropped", 1199)
        );
    }
}
