//! `choreo report export`.

use choreo_report::model::Outcome;
use choreo_report::schema;
use serde_json::{Value, json};

use crate::support::{choreo, golden, mistakes, report, save};

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
    assert_eq!(mistakes(schema::V1_3, &exported), [""; 0]);
    assert_eq!(
        exported["tests"][0]["scenarios"][0]["handles"][0]["actual"],
        json!({ "password": "<redacted>", "text": "a <redacted>@b" })
    );
}

#[test]
fn what_is_no_strict_json_is_read_and_not_written() {
    let scratch = tempfile::tempdir().unwrap();
    let into = scratch.path().join("merged");
    let results = into.join("results.json");
    let into = into.display().to_string();
    let old = golden("not-strict-json/nan-infinity.json");
    let old = old.display().to_string();
    let note = "`NaN`, which JSON does not have, was read as the text “NaN”";
    for (schema, strict) in [("1.3", schema::V1_3), ("1.4", schema::V1_4)] {
        let exported = choreo(&["report", "export", "--schema", schema, &old]);
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(
            exported.err.contains(&format!("{old}: {note}")),
            "{exported:?}"
        );
        let report: Value = serde_json::from_str(&exported.out).unwrap();
        assert_eq!(mistakes(strict, &report), [""; 0], "{schema}");
        assert_eq!(report.to_string().contains(note), schema == "1.4");
    }
    let merged = choreo(&["report", "merge", &old, "-o", &into]);
    assert_eq!(merged.code, 0, "{merged:?}");
    assert!(merged.err.contains(note), "{merged:?}");
    for name in ["results.json", "index.html"] {
        let text = std::fs::read_to_string(results.with_file_name(name)).unwrap();
        assert!(text.contains(note), "{name}");
    }
    for arguments in [&["show", &old][..], &["diff", &old, &into]] {
        let done = choreo(&[&["report"], arguments].concat());
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(done.err.matches(note).count(), 1, "{done:?}");
    }
}

/// Exported, and merged: what is written is a report of 1.4.
#[test]
fn old_reports_become_new_ones() {
    let scratch = tempfile::tempdir().unwrap();
    let into = scratch.path().join("merged");
    let results = into.join("results.json");
    let into = into.display().to_string();
    for old in [
        "older/v1.0-reporter-0.1.0-full-suite.json",
        "xdist-2-workers.json",
    ] {
        let old = golden(old).display().to_string();
        let exported = choreo(&["report", "export", "--schema", "1.4", &old]);
        assert_eq!(exported.code, 0, "{exported:?}");
        let merged = choreo(&["report", "merge", &old, "-o", &into]);
        assert_eq!(merged.code, 0, "{merged:?}");
        for text in [exported.out, std::fs::read_to_string(&results).unwrap()] {
            let report: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(report["schema_version"], "1.4");
            assert_eq!(mistakes(schema::V1_4, &report), [""; 0], "{old}");
        }
    }
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
