//! The same under nextest, which runs each scenario in a process of its own.

use std::collections::BTreeMap;

use choreo_e2e_tests::{Check, Ran};

use crate::model::{Ends, LENIENT, POLICIES, Policies, SCENARIOS, Scenario, telling_runs};
use crate::{checks, fixture};

/// What nextest exits with if tests fail.
const FAILED: i32 = 100;

/// What nextest exits with if the filters leave nothing to run.
const NOTHING_TO_RUN: i32 = 4;

pub(crate) fn checks() -> Vec<Check> {
    checks![
        "nextest::":
        each_scenario_alone_decides_the_status,
        all_scenarios_together_report_what_each_reports_alone,
        a_retry_is_a_new_attempt_and_the_last_one_counts,
        partitions_share_the_scenarios_among_them,
        the_junit_file_names_what_failed,
        ignored_scenarios_run_when_asked_for,
        a_skip_that_nobody_would_see_fails,
    ]
}

/// The arguments of `cargo nextest run` for the main target of the fixture.
fn run<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec![
        "nextest",
        "run",
        "--test",
        "outcomes",
        "--no-fail-fast",
        "--status-level=all",
        "--final-status-level=none",
    ];
    all.extend(arguments);
    all
}

/// What nextest says of each scenario that it shows.
fn verdicts(ran: &Ran) -> BTreeMap<String, String> {
    ran.stderr
        .lines()
        .filter_map(|line| {
            let (verdict, rest) = line.trim_start().split_once(" [")?;
            let (_, name) = rest.split_once("outcomes::outcomes ")?;
            Some((name.to_owned(), verdict.to_owned()))
        })
        .collect()
}

fn expected(scenario: Scenario, policies: Policies) -> &'static str {
    if scenario.ends == Ends::Ignored {
        "SKIP"
    } else if scenario.succeeds(policies) {
        "PASS"
    } else {
        "FAIL"
    }
}

fn each_scenario_alone_decides_the_status() {
    let fixture = fixture();
    for (scenario, policies) in telling_runs() {
        let filter = format!("test(={})", scenario.name);
        let status = match expected(scenario, policies) {
            "SKIP" => NOTHING_TO_RUN,
            "PASS" => 0,
            _ => FAILED,
        };
        let ran = fixture
            .cargo(&run(&["-E", &filter]), &policies.variables())
            .exits(status);
        if status == FAILED {
            ran.says(scenario.says);
        }
    }
}

fn all_scenarios_together_report_what_each_reports_alone() {
    for policies in POLICIES {
        let ran = fixture()
            .cargo(&run(&[]), &policies.variables())
            .exits(FAILED);
        let verdicts = verdicts(&ran);
        for scenario in SCENARIOS {
            assert_eq!(
                verdicts.get(scenario.name).map(String::as_str),
                Some(expected(scenario, policies)),
                "{}: {ran}",
                scenario.name
            );
        }
        assert_eq!(verdicts.len(), SCENARIOS.len(), "{ran}");
    }
}

fn a_retry_is_a_new_attempt_and_the_last_one_counts() {
    let fixture = fixture();
    let retried = "test(=nested::passes_at_the_second_attempt)";
    let ran = fixture
        .cargo(&run(&["--retries", "2", "-E", retried]), &[])
        .exits(0);
    ran.says("1 passed (1 flaky)");
    let ran = fixture
        .cargo(&run(&["--retries", "2", "-E", "test(=fails)"]), &[])
        .exits(FAILED);
    ran.says("TRY 3 FAIL");
}

fn partitions_share_the_scenarios_among_them() {
    let fixture = fixture();
    let mut seen = Vec::new();
    for partition in ["count:1/3", "count:2/3", "count:3/3"] {
        let ran = fixture.cargo(&run(&["--partition", partition]), &LENIENT.variables());
        let share: Vec<Scenario> = verdicts(&ran)
            .into_iter()
            .filter(|(_, verdict)| verdict != "SKIP")
            .filter_map(|(name, _)| SCENARIOS.into_iter().find(|one| one.name == name))
            .collect();
        let succeeds = share.iter().all(|scenario| scenario.succeeds(LENIENT));
        assert!(!share.is_empty(), "{ran}");
        let ran = ran.exits(if succeeds { 0 } else { FAILED });
        ran.says(&format!("{} tests run", share.len()));
        seen.extend(share.iter().map(|scenario| scenario.name));
    }
    let mut expected: Vec<&str> = SCENARIOS
        .iter()
        .filter(|scenario| scenario.ends != Ends::Ignored)
        .map(|scenario| scenario.name)
        .collect();
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

fn the_junit_file_names_what_failed() {
    let fixture = fixture();
    let filter = "test(=fails) | test(=passes)";
    // The fixture has a profile for this alone: others run at the same time, and would write the
    // same file.
    let arguments = run(&["--profile", "report", "-E", filter]);
    let ran = fixture.cargo(&arguments, &[]).exits(FAILED);
    let path = fixture.folder().join("target/nextest/report/junit.xml");
    let junit = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: {ran}", path.display()));
    for part in [
        "<testcase name=\"fails\"",
        "<testcase name=\"passes\"",
        "<failure",
    ] {
        assert!(junit.contains(part), "{part} is missing: {junit}");
    }
}

fn a_skip_that_nobody_would_see_fails() {
    let filter = ["-E", "test(=is_skipped)"];
    let ran = fixture().cargo(&run(&filter), &[]).exits(FAILED);
    ran.says("CHOREO_SKIP=warn");
}

fn ignored_scenarios_run_when_asked_for() {
    let ran = fixture()
        .cargo(&run(&["--run-ignored", "only"]), &[])
        .exits(0);
    ran.says("1 test run: 1 passed");
}
