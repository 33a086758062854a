//! The report that the workspace's own suite leaves: every transport, stages, acts and replies, from many processes.

use std::path::PathBuf;

use choreo_report::model::Report;
use choreo_report::{export, read, schema};
use serde_json::Value;

/// Fewer scenarios are not the whole suite.
const SCENARIOS: usize = 30;

/// `choreo_test_brokers::SENTINEL`, which every credential of the tests holds.
const SENTINEL: &str = "s3ntinel";

fn validate(schema: &str, report: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).expect("it is a schema");
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn kinds_of_transport(report: &Report) -> Vec<&str> {
    let scenarios = report.tests.iter().flat_map(|test| &test.scenarios);
    let mut kinds: Vec<&str> = scenarios
        .flat_map(|scenario| &scenario.transports)
        .map(|transport| &*transport.kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
#[ignore = "reads what the suite leaves in CHOREO_REPORT_DIR: `cargo xtask test` runs it after the tests"]
fn the_report_of_the_suite_is_valid() {
    let folder = std::env::var_os("CHOREO_REPORT_DIR").expect("the folder of the report is named");
    let path = PathBuf::from(folder).join("results.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: Value = serde_json::from_slice(&text).expect("it is JSON");
    validate(schema::V1_4, &json);
    let report = read::from_slice(&text).expect("it is a report").report;
    let old = export::v1_3::export(report.clone()).report;
    validate(
        schema::V1_3,
        &serde_json::to_value(old).expect("it is JSON"),
    );

    let scenarios = || report.tests.iter().flat_map(|test| &test.scenarios);
    assert!(scenarios().count() >= SCENARIOS, "{}", scenarios().count());
    assert!(scenarios().any(|scenario| scenario.transports.len() > 1));
    assert!(scenarios().any(|scenario| !scenario.replies.is_empty()));
    assert!(scenarios().any(|scenario| scenario.acts.len() > 1));
    let used = kinds_of_transport(&report);
    for kind in ["kafka", "memory", "nats", "rabbitmq", "redis"] {
        assert!(used.contains(&kind), "{kind} is not among {used:?}");
    }
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains(SENTINEL), "a credential of the tests");
}
