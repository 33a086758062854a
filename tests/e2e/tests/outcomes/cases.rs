//! Rows are tests of their own, for cargo and for nextest: listed, selected and judged one by one.

use choreo_e2e_tests::Check;

use crate::{CARGO_TEST_FAILED, checks, fixture};

/// Each case, in the order of the list, and how it ends.
const CASES: [(&str, Ends); 12] = [
    ("counts::case_1", Ends::Pass),
    ("counts::case_2_empty_order", Ends::Fail),
    ("counts::case_3", Ends::Pass),
    ("json::case_1", Ends::Pass),
    ("json::case_2_with_discount", Ends::Pass),
    ("json::case_3", Ends::Pass),
    ("csv::case_1", Ends::Pass),
    ("csv::case_2_none_at_all", Ends::Fail),
    ("over_the_bridge::case_1", Ends::Pass),
    ("over_the_bridge::case_2", Ends::Pass),
    ("should_fail::case_1", Ends::Pass),
    ("ignored::case_1", Ends::Ignored),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Pass,
    Fail,
    Ignored,
}

/// What nextest exits with if tests fail.
const NEXTEST_FAILED: i32 = 100;

pub(crate) fn checks() -> Vec<Check> {
    let mut all = checks![
        "cargo_test::":
        each_row_is_listed_under_its_name,
        each_row_is_judged_alone,
        filters_select_rows,
        a_row_that_does_not_deserialize_says_where_it_is,
    ];
    all.extend(checks!["nextest::": rows_are_tests_of_nextest]);
    all
}

fn test<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["test", "--test", "cases", "--"];
    all.extend(arguments);
    all
}

fn each_row_is_listed_under_its_name() {
    let list = fixture()
        .cargo(&test(&["--list", "--format", "terse"]), &[])
        .exits(0);
    let expected: String = CASES
        .iter()
        .map(|(name, _)| format!("{name}: test\n"))
        .collect();
    assert_eq!(list.stdout, expected, "{list}");
}

fn each_row_is_judged_alone() {
    let ran = fixture().cargo(&test(&[]), &[]).exits(CARGO_TEST_FAILED);
    for (name, ends) in CASES {
        let shown = match ends {
            Ends::Pass => "ok",
            Ends::Fail => "FAILED",
            Ends::Ignored => "ignored",
        };
        ran.says(&format!("test {name} ... {shown}"));
    }
    ran.says("9 passed; 2 failed; 1 ignored;");
    ran.says("\n  case: number 2, at tests/cases.rs:");
}

fn filters_select_rows() {
    let fixture = fixture();
    for (arguments, says) in [
        (
            &["--exact", "json::case_2_with_discount"][..],
            "1 passed; 0 failed;",
        ),
        (&["over_the_bridge::"], "2 passed; 0 failed;"),
        (
            &["--tag", "echo", "--skip", "empty_order"],
            "2 passed; 0 failed;",
        ),
        (&["--ignored"], "1 passed; 0 failed;"),
    ] {
        fixture.cargo(&test(arguments), &[]).exits(0).says(says);
    }
}

fn a_row_that_does_not_deserialize_says_where_it_is() {
    fixture()
        .cargo(&test(&["--exact", "csv::case_2_none_at_all"]), &[])
        .exits(CARGO_TEST_FAILED)
        .says("\n  case: row 2 of tests/orders.csv, line 3\n")
        .says("tests/orders.csv:3: row 2: field `count` is `0`")
        .says("NonZero");
}

fn rows_are_tests_of_nextest() {
    let fixture = fixture();
    let run = |filter: &str, status| {
        let arguments = ["nextest", "run", "--test", "cases", "-E", filter];
        fixture.cargo(&arguments, &[]).exits(status)
    };
    run("test(=json::case_2_with_discount)", 0).says("1 test run: 1 passed");
    run("test(/^over_the_bridge::case_/)", 0).says("2 tests run: 2 passed");
    run("test(=counts::case_2_empty_order)", NEXTEST_FAILED).says("1 failed");
}
