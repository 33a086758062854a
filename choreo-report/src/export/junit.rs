//! JUnit XML, which most CI systems show.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use crate::causes;
use crate::model::{Report, Test, TestOutcome, Timestamp};

/// The report cannot be written as XML.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report as JUnit XML: {0}")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The report as JUnit XML: a suite for each test target, a case for each test. JUnit does not know slow tests:
/// they pass, with a property that says so. Characters that XML does not have are left out.
///
/// # Errors
///
/// When the XML cannot be written.
pub fn render(report: &Report) -> Result<String, JunitError> {
    let run = &report.run;
    let name = run.project_name.as_deref().unwrap_or("choreo");
    let mut junit = quick_junit::Report::new(name);
    junit.set_timestamp(time(run.started_at));
    junit.set_time(run.duration_ms.into());
    let mut suites: BTreeMap<String, Vec<&Test>> = BTreeMap::new();
    for test in &report.tests {
        suites.entry(suite_name(test)).or_default().push(test);
    }
    for (name, tests) in suites {
        let mut suite = TestSuite::new(name.as_str());
        suite.set_time(
            tests
                .iter()
                .map(|test| Duration::from(test.duration_ms))
                .fold(Duration::ZERO, Duration::saturating_add),
        );
        suite.add_test_cases(tests.into_iter().map(|test| case(test, &name)));
        junit.add_test_suite(suite);
    }
    Ok(junit.to_string()?)
}

/// As nextest names them: the package, and its target.
fn suite_name(test: &Test) -> String {
    match (&test.package, &test.target) {
        (Some(package), Some(target)) => format!("{package}::{target}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) if test.file.is_empty() => "tests".to_owned(),
        (None, None) => test.file.clone(),
    }
}

fn case(test: &Test, suite: &str) -> TestCase {
    let mut case = TestCase::new(test.name.as_str(), status(test));
    case.set_classname(suite);
    case.set_time(test.duration_ms.into());
    if let Some(started) = test.started_at {
        case.set_timestamp(time(started));
    }
    if test.outcome == TestOutcome::Slow {
        case.add_property(Property::new("slow", "true"));
    }
    for tag in &test.tags {
        case.add_property(Property::new("tag", tag.as_str()));
    }
    if !test.stdout.is_empty() {
        case.set_system_out(test.stdout.as_str());
    }
    if !test.stderr.is_empty() {
        case.set_system_err(test.stderr.as_str());
    }
    case
}

fn status(test: &Test) -> TestCaseStatus {
    let kind = match test.outcome {
        TestOutcome::Passed | TestOutcome::Slow => return TestCaseStatus::success(),
        TestOutcome::Skipped => {
            let mut status = TestCaseStatus::skipped();
            if let Some(reason) = &test.skip_reason {
                status.set_message(reason.as_str());
            }
            return status;
        }
        TestOutcome::Failed => NonSuccessKind::Failure,
        TestOutcome::Errored => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(failure) = causes::of_test(test) {
        status.set_type(failure.cause.kind.as_str());
        status.set_message(failure.cause.text.as_str());
    }
    if let Some(text) = test.failure_text.as_ref().or(test.traceback.as_ref()) {
        status.set_description(text.as_str());
    }
    status
}

fn time(time: Timestamp) -> DateTime<Utc> {
    let micros = Duration::from_micros(time.as_micros().unsigned_abs());
    let time = match time.as_micros() < 0 {
        true => UNIX_EPOCH.checked_sub(micros),
        false => UNIX_EPOCH.checked_add(micros),
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, CauseKind, Handle, Millis, Outcome, Run, Scenario};

    #[test]
    fn every_outcome_is_a_case() {
        let now = Timestamp::UNIX_EPOCH;
        let ms = Millis::new(1500.0).unwrap();
        let test = |name: &str, outcome| {
            let mut test = Test::new(format!("shop::{name}"), "", name, outcome, ms);
            test.package = Some("shop".to_owned());
            test.target = Some("orders".to_owned());
            test
        };
        let mut failed = test("wrong", TestOutcome::Failed);
        let mut handle = Handle::new("orders", Outcome::Fail);
        handle.cause = Some(Cause::new(CauseKind::WrongValue, "qty was <300>\0"));
        let mut scenario = Scenario::new("wrong", Outcome::Fail, ms);
        scenario.handles.push(handle);
        failed.scenarios.push(scenario);
        failed.failure_text = Some("the whole \u{1b}[31mtext\u{1b}[0m".to_owned());
        failed.stdout = "printed".to_owned();
        let mut errored = test("lost", TestOutcome::Errored);
        errored.traceback = Some("the broker is gone".to_owned());
        let mut skipped = test("left out", TestOutcome::Skipped);
        skipped.skip_reason = Some("no broker".to_owned());
        let tests = vec![
            test("right", TestOutcome::Passed),
            test("late", TestOutcome::Slow),
            failed,
            errored,
            skipped,
        ];
        let xml = render(&Report::new(Run::new(now, now, ms), tests)).unwrap();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="choreo" tests="5" skipped="1" failures="1" errors="1" timestamp="1970-01-01T00:00:00.000+00:00" time="1.500">
    <testsuite name="shop::orders" tests="5" skipped="1" errors="1" failures="1" time="7.500">
        <testcase name="right" classname="shop::orders" time="1.500"/>
        <testcase name="late" classname="shop::orders" time="1.500">
            <properties>
                <property name="slow" value="true"/>
            </properties>
        </testcase>
        <testcase name="wrong" classname="shop::orders" time="1.500">
            <failure message="qty was &lt;300&gt;" type="wrong_value">the whole text</failure>
            <system-out>printed</system-out>
        </testcase>
        <testcase name="lost" classname="shop::orders" time="1.500">
            <error message="the broker is gone" type="other">the broker is gone</error>
        </testcase>
        <testcase name="left out" classname="shop::orders" time="1.500">
            <skipped message="no broker"/>
        </testcase>
    </testsuite>
</testsuites>
"#;
        assert_eq!(xml, expected);
    }

    #[test]
    fn golden_reports_are_suites_by_file() {
        let golden = include_str!("../../tests/golden/xdist-2-workers.json");
        let report = crate::read::from_slice(golden.as_bytes()).unwrap().report;
        let xml = render(&report).unwrap();
        assert_eq!(xml.matches("<testcase ").count(), report.tests.len());
    }
}
