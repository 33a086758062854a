use serde_json::{Value, json};

use super::*;

fn report(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let golden = include_str!("../../tests/golden/near-miss.json");
    let mut value = serde_json::from_str(golden).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn error(json: &[u8]) -> String {
    from_slice(json).unwrap_err().to_string()
}

#[test]
fn a_wrong_field_is_named_with_its_path() {
    let json = report(|r| r["tests"][0]["scenarios"][0]["handles"][0]["attempts"] = json!("many"));
    let error = error(&json);
    let expected = "this is no report that can be read: at `tests[0].scenarios[0].handles[0].attempts`: \
                    invalid type: string \"many\", expected u64 (line 1, column ";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_missing_field_is_named_with_the_place_where_it_is_missing() {
    let json = report(|r| {
        r["tests"][0].as_object_mut().unwrap().remove("nodeid");
    });
    let error = error(&json);
    assert!(
        error.contains("at `tests[0]`: missing field `nodeid`"),
        "{error}"
    );
}

#[test]
fn an_unknown_outcome_is_named_with_the_known_ones() {
    let error = error(&report(|r| r["tests"][0]["outcome"] = json!("flaky")));
    assert!(
        error.contains(
            "at `tests[0].outcome`: `flaky` is none of the known words: passed, failed, errored, skipped, slow"
        ),
        "{error}"
    );
}

#[test]
fn times_that_cannot_be_are_refused() {
    let negative = error(&report(|r| r["run"]["duration_ms"] = json!(-1.5)));
    assert!(
        negative.contains("at `run.duration_ms`: -1.5 is no duration"),
        "{negative}"
    );
    let no_time = error(&report(|r| r["run"]["started_at"] = json!("yesterday")));
    assert!(
        no_time.contains("at `run.started_at`: `yesterday` is no time; write"),
        "{no_time}"
    );
}

#[test]
fn another_major_version_is_refused_whatever_else_is_in_it() {
    for version in [
        json!("2"),
        json!("2.0"),
        json!("0.9"),
        json!("1."),
        json!("1.x"),
        json!(2),
    ] {
        let json = serde_json::to_vec(&json!({ "schema_version": version, "runs": [] })).unwrap();
        let error = error(&json);
        assert!(
            error.starts_with("the report is of version `"),
            "{version}: {error}"
        );
    }
}

#[test]
fn a_later_minor_version_is_read_with_a_notice() {
    let json = report(|r| {
        r["schema_version"] = json!("1.9");
        r["tests"][0]["scenarios"][0]["timeline"][0]["action"] = json!("teleported");
        r["tests"][0]["mood"] = json!({ "good": true });
    });
    let loaded = from_slice(&json).unwrap();
    assert_eq!(loaded.version.minor(), 9);
    let [notice] = loaded.notices.try_into().unwrap();
    assert_eq!(notice.kind, NoticeKind::Newer);
    assert!(notice.text.contains("version 1.9"), "{}", notice.text);
    let again: Value = serde_json::to_value(&loaded.report).unwrap();
    assert_eq!(again["tests"][0]["mood"], json!({ "good": true }));
    assert_eq!(
        again["tests"][0]["scenarios"][0]["timeline"][0]["action"],
        "teleported"
    );
}

#[test]
fn known_versions_have_no_notice() {
    for version in ["1", "1.1", "1.2", "1.3", "1.4"] {
        let loaded = from_slice(&report(|r| r["schema_version"] = json!(version))).unwrap();
        assert_eq!(loaded.version.to_string(), version);
        assert_eq!(loaded.notices, []);
    }
}

#[test]
fn what_is_no_json_is_said_in_words() {
    for (json, expected) in [
        (&b""[..], "the file is empty"),
        (b" \n", "the file is empty"),
        (
            b"{\"schema_version\": \"1.4\", \"tests\": [",
            "it ends in the middle",
        ),
        (b"<!doctype html>", "expected value"),
        (b"{} {}", "trailing characters"),
        (b"{NaN: 1}", "key must be a string"),
        (b"[Nan]", "expected value, at `[0]` (line 1, column 2)"),
        (
            b"{\"a\": \"\xff\"}",
            "it holds bytes that are no UTF-8 (line 1, column 8)",
        ),
    ] {
        let error = error(json);
        assert!(error.starts_with("this is no strict JSON: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn json_that_is_no_report_is_no_report() {
    assert!(
        error(b"{}").contains("at `.`: missing field"),
        "{}",
        error(b"{}")
    );
    assert!(
        error(b"[]").contains("at `.`: invalid type"),
        "{}",
        error(b"[]")
    );
}

#[test]
fn the_mark_of_some_editors_is_passed_over() {
    let json = [b"\xef\xbb\xbf".as_slice(), &report(|_| {})].concat();
    assert!(from_slice(&json).is_ok());
}

#[test]
fn the_error_names_the_file() {
    let error = from_path(Path::new("no/such/results.json"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot read no/such/results.json: "),
        "{error}"
    );
}

/// A report that the Python tool could have written.
fn no_strict_json(change: impl Fn(String) -> String) -> Vec<u8> {
    let text = include_str!("../../tests/golden/not-strict-json/nan-infinity.json");
    change(text.to_owned()).into_bytes()
}

#[test]
fn words_and_halves_of_the_python_tool_are_read_with_notices() {
    let json = no_strict_json(|text| text.replace("\"x present\"", r#""\ud83d present""#));
    let loaded = from_slice(&json).unwrap();
    assert!(!loaded.is_strict());
    let handle = &loaded.report.tests[0].scenarios[0].handles[0];
    assert_eq!(handle.actual, json!({ "x": "NaN", "i": "Infinity" }));
    assert_eq!(handle.reason, "\u{fffd} present");
    assert_eq!(loaded.notices.len(), 3);
    assert_eq!(loaded.report.run.notices, []);
    let notices = loaded.notices.clone();
    assert_eq!(loaded.into_report().run.notices, notices);
    // A later version as well.
    let loaded = from_slice(&no_strict_json(|text| text.replace("\"1.3\"", "\"1.9\""))).unwrap();
    let kinds = loaded.notices.iter().map(|notice| notice.kind.as_str());
    assert_eq!(kinds.collect::<Vec<_>>(), ["replaced", "replaced", "newer"]);
}

#[test]
fn what_is_wrong_beside_words_is_told_with_its_place_in_the_original() {
    for (from, to, expected) in [
        (
            "\"latency_ms\": 0.12870199998360476",
            "\"latency_ms\": -Infinity",
            "this is no report that can be read: at `tests[0].scenarios[0].handles[0].latency_ms`: \
             `-Infinity` is no value that JSON has, expected f64 (line 61, column 37)",
        ),
        (
            "\"i\": Infinity",
            "\"i\": Infinity, \"j\": Nan",
            "this is no strict JSON: expected value, at \
             `tests[0].scenarios[0].handles[0].actual.j` (line 71, column 37)",
        ),
        (
            "\"attempts\": 0",
            "\"x\": [NaN, Infinity], \"attempts\": \"many\"",
            "this is no report that can be read: at `tests[0].scenarios[0].handles[0].attempts`: \
             invalid type: string \"many\", expected u64 (line 73, column 54)",
        ),
    ] {
        let json = no_strict_json(|text| text.replacen(from, to, 1));
        assert_eq!(error(&json), expected);
    }
    let cut = no_strict_json(|text| text[..text.len() - 20].to_owned());
    let error = error(&cut);
    assert!(error.contains("it ends in the middle"), "{error}");
}
