//! `choreo report diff`.

use choreo_report::model::Outcome;
use serde_json::{Value, json};

use crate::support::{choreo, report, save};

fn files(scratch: &std::path::Path) -> (String, String) {
    let before = report(&[
        ("pays", Outcome::Pass, 10),
        ("ships", Outcome::Timeout, 500),
        ("bills", Outcome::Pass, 10),
        ("mails", Outcome::Pass, 10),
    ]);
    let after = report(&[
        ("pays", Outcome::Timeout, 500),
        ("ships", Outcome::Pass, 10),
        ("bills", Outcome::Slow, 80),
        ("packs", Outcome::Pass, 10),
    ]);
    (
        save(&before, scratch, "before.json"),
        save(&after, scratch, "after.json"),
    )
}

#[test]
fn a_worse_run_ends_with_1_and_says_why() {
    let scratch = tempfile::tempdir().unwrap();
    let (before, after) = files(scratch.path());
    let done = choreo(&["report", "diff", &before, &after]);
    assert_eq!(done.code, 1, "{done:?}");
    assert_eq!(
        done.out,
        "\
Worse: 1 new failure, 1 slower expectation, 1 fixed, 1 new test, 1 test gone.

new failures (1)
    shop::pays
      nothing came for pays

slower (1)
    orders.processed  10 ms → 80 ms, over its budget now  shop::bills

fixed (1)
    shop::ships

new tests (1)
    shop::packs

gone (1)
    shop::mails
"
    );
}

#[test]
fn programs_get_json() {
    let scratch = tempfile::tempdir().unwrap();
    let (before, after) = files(scratch.path());
    let done = choreo(&["report", "diff", "--format", "json", &before, &after]);
    assert_eq!(done.code, 1, "{done:?}");
    let diff: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(diff["regression"], true);
    assert_eq!(
        diff["new_failures"],
        json!([{
            "test": "shop::pays",
            "before": "passed",
            "after": "failed",
            "cause": { "kind": "routing", "text": "nothing came for pays" },
        }])
    );
    assert_eq!(diff["removed"], json!(["shop::mails"]));
    assert_eq!(diff["slower"][0]["now_over_budget"], true);
}

#[test]
fn a_run_that_is_not_worse_ends_with_0() {
    let scratch = tempfile::tempdir().unwrap();
    let (before, _) = files(scratch.path());
    let done = choreo(&["report", "diff", &before, &before]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out.starts_with("Not worse: 1 still failing."),
        "{done:?}"
    );
}
