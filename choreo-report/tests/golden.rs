//! Real reports of the Python tool: they are read, nothing is lost, and the export to 1.3 gives them back.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::{export, read, schema, write};
use jsonschema::Validator;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn reports(folder: &Path) -> Vec<(String, String)> {
    let mut reports: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    reports.sort();
    reports
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn validator(schema: &str) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&json(schema)).unwrap()
}

fn assert_valid(validator: &Validator, name: &str, report: &Value) {
    let errors: Vec<_> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

/// The first place where two documents differ. `1` and `1.0` are the same number.
fn difference(path: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs
                .into_iter()
                .find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            let mut pairs = a.iter().zip(b.values());
            pairs.find_map(|((name, a), b)| difference(&format!("{path}.{name}"), a, b))
        }
        _ if one == other => None,
        _ => Some(format!("{path}: {one} is not {other}")),
    }
}

#[test]
fn every_report_loads_and_is_written_without_loss() {
    let reports = reports(&folder());
    assert_eq!(reports.len(), 40);
    for (name, text) in reports {
        let loaded = read::from_slice(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            (loaded.version.minor(), &loaded.notices),
            (3, &Vec::new()),
            "{name}"
        );
        let mut written = Vec::new();
        write::to_writer(&mut written, &loaded.report).unwrap();
        let mut written: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(written["schema_version"], "1.4", "{name}");
        written["schema_version"] = "1.3".into();
        assert_eq!(difference("", &json(&text), &written), None, "{name}");
    }
}

#[test]
fn every_report_is_exported_as_it_was() {
    let validator = validator(schema::V1_3);
    for (name, text) in reports(&folder()) {
        assert_valid(&validator, &name, &json(&text));
        let report = read::from_slice(text.as_bytes()).unwrap().report;
        let exported = export::v1_3::export(report);
        assert_eq!(exported.cuts.total(), 0, "{name}");
        let exported = serde_json::to_value(&exported.report).unwrap();
        assert_valid(&validator, &name, &exported);
        assert_eq!(difference("", &json(&text), &exported), None, "{name}");
    }
}

#[test]
fn a_report_of_version_1_is_exported_without_loss() {
    let validator = validator(schema::V1_3);
    for (name, text) in reports(&folder().join("older")) {
        let loaded = read::from_slice(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(loaded.version.to_string(), "1");
        let exported = export::v1_3::export(loaded.report);
        assert_eq!(exported.cuts.total(), 0, "{name}");
        let exported = serde_json::to_value(&exported.report).unwrap();
        assert_valid(&validator, &name, &exported);
        let mut before = json(&text);
        before["schema_version"] = "1.3".into();
        assert_eq!(difference("", &before, &exported), None, "{name}");
    }
}

/// What strict JSON has in place of what the Python tool wrote.
const REPLACED: [(&str, &[(&str, &str)]); 2] = [
    ("lone-surrogate.json", &[(r"\ud800", r"\ufffd")]),
    (
        "nan-infinity.json",
        &[(": NaN", r#": "NaN""#), (": Infinity", r#": "Infinity""#)],
    ),
];

#[test]
fn reports_that_are_no_strict_json_are_written_as_such() {
    let reports = reports(&folder().join("not-strict-json"));
    let names = reports.iter().map(|(name, _)| &**name);
    assert!(names.eq(REPLACED.map(|(name, _)| name)));
    for ((name, mut text), (_, changes)) in reports.into_iter().zip(REPLACED) {
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{name}");
        let loaded = read::from_slice(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!loaded.is_strict(), "{name}");
        let told: u64 = loaded.notices.iter().map(|notice| notice.count).sum();
        assert_eq!(told, changes.len() as u64, "{name}: {:?}", loaded.notices);
        for (from, to) in changes {
            assert_eq!(text.matches(from).count(), 1, "{name}: {from}");
            text = text.replace(from, to);
        }
        let exported = export::v1_3::export(loaded.report.clone());
        assert_eq!(exported.cuts.total(), 0, "{name}");
        let exported = serde_json::to_value(&exported.report).unwrap();
        assert_valid(&validator(schema::V1_3), &name, &exported);
        assert_eq!(difference("", &json(&text), &exported), None, "{name}");

        let notices = loaded.notices.clone();
        let mut written = Vec::new();
        write::to_writer(&mut written, &loaded.into_report()).unwrap();
        let written: Value = serde_json::from_slice(&written).unwrap();
        assert_valid(&validator(schema::V1_4), &name, &written);
        assert_eq!(
            written["run"]["notices"],
            serde_json::to_value(notices).unwrap()
        );
    }
}

/// Version 1.4 only adds.
#[test]
fn every_report_is_one_of_1_4() {
    let validator = validator(schema::V1_4);
    let folder = folder();
    for (name, text) in [reports(&folder), reports(&folder.join("older"))].concat() {
        let mut report = json(&text);
        report["schema_version"] = "1.4".into();
        assert_valid(&validator, &name, &report);
    }
}

#[test]
fn differences_between_documents_are_found() {
    let one = json(r#"{"a": [1, {"b": 2.0}]}"#);
    assert_eq!(
        difference("", &one, &json(r#"{"a": [1.0, {"b": 2}]}"#)),
        None
    );
    for other in [
        r#"{"a": [1, {"b": 2.5}]}"#,
        r#"{"a": [1, {"c": 2}]}"#,
        r#"{"a": [1, {"b": 2}, 3]}"#,
        r#"{"a": [1, {"b": "2"}]}"#,
        r#"{"a": [1, {"b": null}], "c": null}"#,
    ] {
        assert!(difference("", &one, &json(other)).is_some(), "{other}");
    }
}
