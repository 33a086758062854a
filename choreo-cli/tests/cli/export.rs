//! `choreo report export`.

use choreo_report::model::Outcome;
use serde_json::{Value, json};

use crate::support::{choreo, golden, report, save};

#[test]
fn strict_1_3_is_valid_and_has_markers_without_rules() {
    let scratch = tempfile::tempdir().unwrap();
    let mut report = report(&[("pays", Outcome::Pass, 12)]);
    let handle = &mut report.tests[0].scenarios[0].handles[0];
    handle.actual = json!({ "password": "<redacted:field>", "text": "a <redacted:url>@b" });
    let file = save(&report, scratch.path(), "results.json");
    let done = choreo(&["report", "export", "--schema", "1.3", &file]);
    assert_eq!(done.code, 0, "{done:?}");
    let exported: Value = serde_json::from_str(&done.out).unwrap();
    let schema: Value = serde_json::from_str(choreo_report::schema::V1_3).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&exported)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(
        exported["tests"][0]["scenarios"][0]["handles"][0]["actual"],
        json!({ "password": "<redacted>", "text": "a <redacted>@b" })
    );
}

#[test]
fn old_reports_become_new_ones() {
    let old = golden("older/v1.0-reporter-0.1.0-full-suite.json")
        .display()
        .to_string();
    let done = choreo(&["report", "export", "--schema", "1.4", &old]);
    assert_eq!(done.code, 0, "{done:?}");
    let exported: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(exported["schema_version"], "1.4");
}

#[test]
fn junit_and_markdown_are_written_to_files() {
    let scratch = tempfile::tempdir().unwrap();
    let report = report(&[
        ("pays", Outcome::Pass, 12),
        ("ships", Outcome::Timeout, 500),
    ]);
    let file = save(&report, scratch.path(), "results.json");
    for (format, says) in [
        ("--junit", "<testsuites"),
        ("--markdown", "**1 of 2 tests failed.**"),
    ] {
        let path = scratch.path().join("export");
        let path = path.display().to_string();
        let done = choreo(&["report", "export", format, "-o", &path, &file]);
        assert_eq!((done.code, &*done.out), (0, ""), "{done:?}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(says), "{format}: {text}");
    }
    let nowhere = scratch.path().join("missing/export").display().to_string();
    let done = choreo(&["report", "export", "--junit", "-o", &nowhere, &file]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("missing"), "{done:?}");
}
