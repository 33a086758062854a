//! The exit status is a test framework's first promise: each way in which a scenario can end, under
//! each policy, with `cargo test` and with nextest.

mod cases;
mod model;
mod nextest;

use std::path::Path;

use choreo_e2e_tests::{Check, Fixture, main as run_checks};

use model::{POLICIES, Policies, SCENARIOS, Scenario};

/// What `cargo test` exits with if tests fail.
const CARGO_TEST_FAILED: i32 = 101;

fn fixture() -> Fixture {
    Fixture::new("outcomes", Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// The arguments of `cargo test` for the main target of the fixture.
fn test<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["test", "--test", "outcomes", "--"];
    all.extend(arguments);
    all
}

fn each_scenario_alone_decides_the_status_of_cargo_test() {
    let fixture = fixture();
    for (scenario, policies) in model::telling_runs() {
        let arguments = test(&["--exact", scenario.name]);
        let succeeds = scenario.succeeds(policies);
        let ran = fixture
            .cargo(&arguments, &policies.variables())
            .exits(if succeeds { 0 } else { CARGO_TEST_FAILED });
        ran.says(&shown(scenario, policies));
        if !succeeds {
            ran.says(scenario.says);
        }
    }
}

/// The beginning of the scenario's line in the output.
fn shown(scenario: Scenario, policies: Policies) -> String {
    format!("test {} ... {}", scenario.name, scenario.line(policies))
}

fn options_of_the_runner_reach_it_through_cargo_test() {
    let fixture = fixture();
    let run = |arguments: &[&str], variables: &[(&str, &str)], status| {
        let ran = fixture.cargo(&test(arguments), variables);
        drop(ran.exits(status));
    };
    let deny = [("CHOREO_SLOW", "deny"), ("CHOREO_SKIP", "deny")];
    run(
        &["--exact", "is_slow", "--slow=deny"],
        &[],
        CARGO_TEST_FAILED,
    );
    run(&["--exact", "is_slow", "--slow=warn"], &deny, 0);
    run(
        &["--exact", "is_skipped", "--skipped=deny"],
        &[],
        CARGO_TEST_FAILED,
    );
    run(&["--exact", "is_skipped", "--skipped=warn"], &deny, 0);
    for format in ["pretty", "terse", "json"] {
        run(
            &["--exact", "fails", "--format", format],
            &[],
            CARGO_TEST_FAILED,
        );
        run(&["--exact", "passes", "--format", format], &[], 0);
    }
}

fn all_scenarios_together_report_what_each_reports_alone() {
    let fixture = fixture();
    for policies in POLICIES {
        let ran = fixture
            .cargo(&test(&[]), &policies.variables())
            .exits(CARGO_TEST_FAILED);
        for scenario in SCENARIOS {
            ran.says(&shown(scenario, policies));
        }
        let (slow, skipped) = (
            usize::from(policies.deny_slow),
            usize::from(policies.deny_skipped),
        );
        ran.says(&format!(
            "test result: FAILED. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out;",
            4 - slow,
            9 + slow + skipped,
            2 - skipped
        ));
        if !policies.deny_skipped {
            ran.says("SKIPPED 1 scenario: the fixture's broker is not installed");
        }
    }
}

fn the_list_is_that_of_libtest() {
    let terse = test(&["--list", "--format", "terse"]);
    let list = fixture().cargo(&terse, &[]).exits(0);
    let expected: String = SCENARIOS
        .iter()
        .map(|scenario| format!("{}: test\n", scenario.name))
        .collect();
    assert_eq!(list.stdout, expected, "{list}");
}

fn a_forgotten_harness_false_explains_itself() {
    let ran = fixture()
        .cargo(&["test", "--test", "forgotten"], &[])
        .exits(CARGO_TEST_FAILED);
    ran.says("harness = false");
    ran.says("[[test]]");
    ran.says("never_runs");
}

fn scenarios_of_a_library_run_where_main_names_it() {
    let ran = fixture().cargo(&["test", "--test", "linked"], &[]).exits(0);
    ran.says("test plug::passes_from_a_library ... ok");
    ran.says("1 passed; 0 failed;");
}

/// Tests under their own names, below a prefix.
macro_rules! checks {
    ($prefix:literal: $($check:ident),* $(,)?) => {
        vec![$((
            concat!($prefix, stringify!($check)).to_owned(),
            Box::new($check) as Box<dyn FnOnce() + Send>,
        )),*]
    };
}
use checks;

fn main() {
    let mut checks: Vec<Check> = checks![
        "cargo_test::":
        each_scenario_alone_decides_the_status_of_cargo_test,
        options_of_the_runner_reach_it_through_cargo_test,
        all_scenarios_together_report_what_each_reports_alone,
        the_list_is_that_of_libtest,
        a_forgotten_harness_false_explains_itself,
        scenarios_of_a_library_run_where_main_names_it,
    ];
    checks.extend(cases::checks());
    checks.extend(nextest::checks());
    run_checks(checks);
}
