use std::io::Read as _;

use data_encoding::BASE64;
use serde_json::Value;

use super::*;
use crate::model::{
    Cause, CauseKind, Handle, HandleOutcome, Millis, Outcome, Reply, ReplyState, Scenario,
    ScenarioError, ScenarioOutcome, TestOutcome, Timestamp,
};

fn run() -> Run {
    Run::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Millis::ZERO)
}

fn test(name: &str, outcome: TestOutcome) -> Test {
    Test::new(
        format!("t::{name}"),
        "tests/t.rs",
        name,
        outcome,
        Millis::ZERO,
    )
}

fn failing(name: &str, topic: &str, kind: CauseKind) -> Test {
    let mut handle = Handle::new(topic, Outcome::Fail);
    handle.cause = Some(Cause::new(kind, format!("{topic} failed")));
    let mut scenario = Scenario::new(name, Outcome::Fail, Millis::ZERO);
    scenario.handles.push(handle);
    let mut test = test(name, TestOutcome::Failed);
    test.scenarios.push(scenario);
    test
}

fn page(tests: &[Test], run: &Run) -> String {
    let mut page = PageWriter::new(Vec::new()).expect("memory takes all");
    for test in tests {
        page.test(test).expect("memory takes all");
    }
    String::from_utf8(page.finish(run).expect("memory takes all")).expect("text")
}

/// What stands in the element with an id.
fn element<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id}"));
    let (_, rest) = rest.split_once('>').expect("a tag ends");
    rest.split_once("</").expect("an element ends").0
}

fn unpacked(base64: &str) -> String {
    let packed = BASE64.decode(base64.as_bytes()).expect("base64");
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .expect("deflated text");
    text
}

#[test]
fn details_come_back_from_the_chunks_as_they_were() {
    let mut tests: Vec<Test> = (0..50)
        .map(|number| test(&number.to_string(), TestOutcome::Passed))
        .collect();
    // Larger than a chunk, and in the middle.
    tests[20].stdout = "x".repeat(300_000);
    let page = page(&tests, &run());
    let index: Vec<Value> =
        serde_json::from_str(&unpacked(element(&page, "choreo-index"))).expect("JSON");
    assert_eq!(index.len(), 51);
    let starts = index[50]["chunks"].as_array().expect("starts").clone();
    assert_eq!(starts, [0, 20, 21]);
    for (number, test) in tests.iter().enumerate() {
        let chunk = index[number][10].as_u64().expect("a chunk");
        let lines = unpacked(element(&page, &format!("choreo-chunk-{chunk}")));
        let first = usize::try_from(
            starts[usize::try_from(chunk).expect("small")]
                .as_u64()
                .expect("a start"),
        )
        .expect("small");
        let line = lines.lines().nth(number - first).expect("a line");
        let read: Test = serde_json::from_str(line).expect("a test");
        assert_eq!(&read, test);
    }
}

#[test]
fn the_whole_report_is_in_the_page_while_it_is_small() {
    let page_of = |stdout: usize| {
        let mut test = test("a", TestOutcome::Passed);
        test.stdout = "<".repeat(stdout);
        page(&[test], &run())
    };
    let read = |page: &str| -> Value {
        serde_json::from_str(element(page, "harness-results")).expect("JSON")
    };
    let small = read(&page_of(10));
    assert_eq!(small["tests"][0]["name"], "a");
    assert_eq!(small["tests"][0]["stdout"], "<<<<<<<<<<");
    let large = read(&page_of(INLINE_LIMIT));
    assert_eq!(large["tests"], serde_json::json!([]));
    assert_eq!(large["tests_left_out"], 1);
    assert_eq!(large["schema_version"], SCHEMA_VERSION);
}

#[test]
fn the_verdict_is_one_sentence() {
    use TestOutcome::{Errored, Failed, Passed, Skipped, Slow};
    let verdict = |outcomes: &[TestOutcome]| {
        let tests: Vec<Test> = outcomes.iter().map(|outcome| test("a", *outcome)).collect();
        element(&page(&tests, &run()), "verdict").to_owned()
    };
    for (found, expected) in [
        (verdict(&[]), "No scenario ran."),
        (verdict(&[Passed]), "The only scenario passed."),
        (verdict(&[Failed]), "The only scenario failed."),
        (
            verdict(&[Passed, Slow]),
            "All 2 scenarios passed, 1 over budget.",
        ),
        (
            verdict(&[Passed, Skipped]),
            "The only scenario that ran passed.",
        ),
        (
            verdict(&[Skipped, Skipped]),
            "2 scenarios skipped, none ran.",
        ),
        (verdict(&[Passed, Errored]), "1 of 2 scenarios failed."),
        (
            verdict(&[Passed, Failed, Errored]),
            "2 of 3 scenarios failed, from 1 cause.",
        ),
    ] {
        assert_eq!(found, expected);
    }
    let mut run = run();
    run.interrupted = true;
    run.python_version = "3.11.7".to_owned();
    let page = page(&[test("a", Passed)], &run);
    assert_eq!(
        element(&page, "verdict"),
        "The run was interrupted. The only test passed."
    );
    assert!(page.contains("data-notice=\"interrupted\""));
}

#[test]
fn causes_are_grouped_by_kind_and_place() {
    let tests = [
        failing("a", "orders", CauseKind::Routing),
        failing("b", "orders", CauseKind::WrongValue),
        failing("c", "orders", CauseKind::Routing),
    ];
    let page = page(&tests, &run());
    assert_eq!(
        element(&page, "verdict"),
        "3 of 3 scenarios failed, from 2 causes."
    );
    let index: Vec<Value> =
        serde_json::from_str(&unpacked(element(&page, "choreo-index"))).expect("JSON");
    let groups: Vec<i64> = (0..3)
        .map(|row| index[row][8][0][0].as_i64().expect("a group"))
        .collect();
    assert_eq!(groups, [0, 1, 0]);
    assert_eq!(
        index[3]["groups"][0],
        serde_json::json!(["routing", "Orders failed", "orders"])
    );
}

#[test]
fn what_starved_an_expectation_comes_before_it() {
    let mut replying = failing("a", "results", CauseKind::ReplyFailed);
    let mut reply = Reply::new("asked", "answered", ReplyState::ReplyFailed);
    reply.error_text = Some("no such field".to_owned());
    replying.scenarios[0].replies.push(reply);
    let found = because::of_test(&replying);
    assert_eq!((found.len(), found[0].part), (1, because::Part::Reply(0)));

    let mut lost = failing("b", "results", CauseKind::BrokerLost);
    lost.scenarios[0].error = Some(ScenarioError::new("lost", "the broker is gone"));
    let found = because::of_test(&lost);
    assert_eq!((found.len(), found[0].part), (1, because::Part::Whole));
}

#[test]
fn what_was_interrupted_is_a_cause_where_nothing_else_is() {
    let open = || {
        let mut scenario = Scenario::new("second", Outcome::Fail, Millis::ZERO);
        let mut handle = Handle::new("results", Outcome::Fail);
        handle.outcome = HandleOutcome::Pending;
        scenario.handles.push(handle);
        scenario
    };
    let places = |test: &Test| -> Vec<_> {
        let found = because::of_test(test).into_iter();
        found.map(|one| (one.scenario, one.part)).collect()
    };
    let first = because::Part::Handle(0);

    let mut two = failing("a", "orders", CauseKind::Routing);
    two.scenarios.push(open());
    assert_eq!(places(&two), [(Some(0), first), (Some(1), first)]);
    let timeout = Handle::new("receipts", Outcome::Timeout);
    two.scenarios[1].handles.push(timeout);
    let second = because::Part::Handle(1);
    assert_eq!(places(&two), [(Some(0), first), (Some(1), second)]);

    // It failed by itself, which interrupts all that has not ended.
    let mut body = test("b", TestOutcome::Failed);
    body.failure_text = Some("assertion failed".to_owned());
    body.scenarios = vec![open(), open()];
    for scenario in &mut body.scenarios {
        scenario.outcome = ScenarioOutcome::Pass;
        scenario.verdict = None;
    }
    assert_eq!(places(&body), [(None, because::Part::Whole)]);
}

#[test]
fn totals_that_disagree_with_the_list_are_told() {
    let mut run = run();
    run.totals.passed = 1200;
    run.totals.total = 1200;
    let shown = page(&[test("a", TestOutcome::Passed)], &run);
    assert!(
        shown.contains("data-notice=\"dropped\""),
        "a page says what it lacks"
    );
    run.totals = Default::default();
    run.totals.add(TestOutcome::Passed);
    assert!(!page(&[test("a", TestOutcome::Passed)], &run).contains("data-notice"));
}

#[test]
fn without_script_the_failures_are_a_table() {
    let hostile = failing("</noscript><script>x", "orders", CauseKind::Routing);
    let page = page(&[hostile, test("fine", TestOutcome::Passed)], &run());
    let (_, rest) = page.split_once("<noscript>").expect("a fallback");
    let (fallback, _) = rest.split_once("</noscript>").expect("its end");
    assert!(
        fallback.contains("&lt;/noscript&gt;&lt;script&gt;x"),
        "{fallback}"
    );
    assert!(
        fallback.contains("Orders failed") && !fallback.contains("fine"),
        "{fallback}"
    );
}

#[test]
fn places_of_the_template_in_a_report_stay_text() {
    let mut run = run();
    run.project_name = Some("{{script}}".to_owned());
    let page = page(&[test("{{index}}", TestOutcome::Passed)], &run);
    assert!(page.contains("<bdi>{{script}}</bdi>"));
    assert_eq!(
        page.matches("module_main").count(),
        1,
        "the script is there once"
    );
}
