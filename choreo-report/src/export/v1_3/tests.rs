use serde_json::json;

use super::*;
use crate::model::{
    Action, Difference, Event, Handle, Millis, MismatchKind, NearMiss, Notice, NoticeKind, Outcome,
    Reply, Timestamp,
};

fn run() -> Run {
    Run::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Millis::ZERO)
}

/// A report with one test that has one scenario, exported and held against the schema.
fn exported(outcome: TestOutcome, scenario: Scenario) -> Exported {
    let mut test = Test::new("t", "", "t", outcome, Millis::ZERO);
    test.scenarios.push(scenario);
    let mut run = run();
    run.totals.add(outcome);
    run.notices
        .push(Notice::new(NoticeKind::Lost, "a process died", 1));
    run.cpus = Some(2);
    let exported = export(Report::new(run, vec![test]));
    assert_valid(&exported.report);
    exported
}

fn assert_valid(report: &Report) {
    let schema = serde_json::from_str(crate::schema::V1_3).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = serde_json::to_value(report).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn scenario(outcome: Outcome, handle: Handle) -> Scenario {
    let mut scenario = Scenario::new("s", outcome, Millis::ZERO);
    scenario.handles.push(handle);
    scenario
}

fn only_handle(exported: &Exported) -> &Handle {
    &exported.report.tests[0].scenarios[0].handles[0]
}

#[test]
fn near_misses_become_failures() {
    let mut handle = Handle::new("a", Outcome::Fail);
    let mut difference = Difference::new("qty", MismatchKind::Mismatch);
    difference.expected = Some(json!(1000));
    difference.actual = Some(json!(300));
    handle
        .near_misses
        .push(NearMiss::new(vec![difference.clone()]));
    handle.near_misses.push(NearMiss::new(vec![
        difference,
        Difference::new("", MismatchKind::Unknown("new".to_owned())),
    ]));
    handle.near_miss_count = Some(30);
    let exported = exported(TestOutcome::Failed, scenario(Outcome::Fail, handle));
    let handle = only_handle(&exported);
    assert_eq!(handle.attempts, 30);
    assert_eq!(handle.diagnosis.attempts, Some(30));
    let failure = handle.failure.as_ref().unwrap();
    assert_eq!(
        (failure.path.as_str(), &failure.actual),
        ("qty", &json!(300))
    );
    assert_eq!(handle.failures[1].children[1].path, "<root>");
    assert_eq!((handle.failures.len(), handle.failures_dropped), (2, 28));
    assert_eq!(exported.cuts, Cuts::default());
}

#[test]
fn a_failure_without_a_message_is_not_judged() {
    let mut handle = Handle::new("a", Outcome::Error);
    handle.reason = "the broker is gone".to_owned();
    let exported = exported(TestOutcome::Errored, scenario(Outcome::Error, handle));
    let handle = only_handle(&exported);
    assert_eq!(handle.outcome, HandleOutcome::Pending);
    assert_eq!(handle.reason, "the broker is gone");
    assert_eq!(
        exported.report.tests[0].scenarios[0].outcome,
        ScenarioOutcome::Fail
    );
}

#[test]
fn limits_are_kept_and_what_they_cut_is_counted() {
    let mut many = Scenario::new("s", Outcome::Fail, Millis::ZERO);
    many.handles = (0..120)
        .map(|n| Handle::new(format!("t{n}"), Outcome::Pass))
        .collect();
    many.handles.push(Handle::new("last", Outcome::Timeout));
    many.replies = (0..101)
        .map(|_| Reply::new("a", "b", ReplyState::ArmedNoMatch))
        .collect();
    let event = |n: u32| {
        let mut event = Event::new(Millis::ZERO, Timestamp::UNIX_EPOCH, Action::Published);
        event.topic = Some(format!("t{n}"));
        event.detail = "é".repeat(if n == 299 { 121 } else { 120 });
        event
    };
    many.timeline = (0..300).map(event).collect();
    let exported = exported(TestOutcome::Failed, many);
    let scenario = &exported.report.tests[0].scenarios[0];
    assert_eq!(scenario.handles.len(), 100);
    assert_eq!(scenario.handles[99].topic, "last");
    assert_eq!(
        (scenario.timeline.len(), scenario.timeline_dropped),
        (256, 44)
    );
    assert_eq!(scenario.timeline[255].detail, "é".repeat(117) + "...");
    assert_eq!(
        exported.cuts.to_string(),
        "21 expectations, 1 replies, 44 events, 1 long texts"
    );
    assert!(exported.report.run.truncated);
}

#[test]
fn words_that_1_3_lacks_are_left_out_and_that_is_no_cut() {
    let mut scenario = scenario(Outcome::Timeout, Handle::new("orders", Outcome::Timeout));
    for action in Action::ALL {
        let mut event = Event::new(Millis::ZERO, Timestamp::UNIX_EPOCH, action.clone());
        event.topic = (*action != Action::Deadline).then(|| "t".to_owned());
        event.parent = Some("e1".to_owned());
        scenario.timeline.push(event);
    }
    let exported = exported(TestOutcome::Failed, scenario);
    let timeline = &exported.report.tests[0].scenarios[0].timeline;
    let words: Vec<_> = timeline.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        words,
        [
            "published",
            "received",
            "matched",
            "mismatched",
            "deadline",
            "replied",
            "reply_failed",
            "mismatched"
        ]
    );
    // The scenario's deadline is that of its open expectation.
    assert_eq!(timeline[4].topic.as_deref(), Some("orders"));
    assert!(!exported.report.run.truncated);
    assert_eq!(exported.cuts.to_string(), "nothing");
}

#[test]
fn scenarios_with_several_transports_say_so_everywhere() {
    let mut handle = Handle::new("orders", Outcome::Pass);
    handle.correlation_id = Some("raw".to_owned());
    let mut scenario = scenario(Outcome::Pass, handle);
    let transports = vec!["my nats".to_owned(), "kafka".to_owned()];
    scenario.stage = Some(Stage::new("<none>", transports));
    scenario
        .replies
        .push(Reply::new("a", "b", ReplyState::Replied));
    for action in Action::ALL {
        let mut event = Event::new(Millis::ZERO, Timestamp::UNIX_EPOCH, action.clone());
        event.topic = Some("t".to_owned());
        scenario.timeline.push(event);
    }
    let exported = exported(TestOutcome::Passed, scenario);
    let run = &exported.report.run;
    assert_eq!(
        (&run.transport, run.transports.join(" ")),
        (&None, "kafka my_nats".to_owned())
    );
    assert_eq!(run.redactions.redaction_version.as_deref(), Some("v2"));
    let handle = only_handle(&exported);
    assert_eq!(handle.transport.as_deref(), Some("my_nats"));
    assert_eq!(handle.correlation_id, None);
}

#[test]
fn a_slow_test_without_a_slow_scenario_passed() {
    let mut scenario = Scenario::new("s", Outcome::Pass, Millis::ZERO);
    let mut slow = Handle::new("a", Outcome::Slow);
    slow.latency_ms = Millis::new(5.0);
    slow.budget_ms = Some(Millis::ZERO);
    scenario.handles.push(slow);
    let exported = exported(TestOutcome::Slow, scenario);
    assert_eq!(exported.report.tests[0].outcome, TestOutcome::Passed);
    let totals = &exported.report.run.totals;
    assert_eq!((totals.slow, totals.passed, totals.total), (0, 1, 1));
    assert_eq!(only_handle(&exported).outcome, HandleOutcome::Pass);
}

#[test]
fn tags_are_where_1_3_has_them() {
    let mut test = Test::new("", "", "t", TestOutcome::Errored, Millis::ZERO);
    test.tags = vec!["fast".to_owned()];
    test.failure_text = Some("why".to_owned());
    let report = export(Report::new(run(), vec![test])).report;
    assert_valid(&report);
    let test = &report.tests[0];
    assert_eq!(test.choreo_meta.as_ref().unwrap().tags, ["fast"]);
    assert_eq!(test.traceback.as_deref(), Some("why"));
    assert_eq!(test.nodeid, "(no name)");
}
