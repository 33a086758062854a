//! Reports of every version: what can be read can be written, and read again as it was; so can all that it can be
//! turned into.

use std::sync::LazyLock;

use choreo_report::model::{NoticeKind, Report};
use choreo_report::redact::Redactor;
use choreo_report::{causes, diff, export, read, schema, write};
use jsonschema::Validator;
use serde_json::Value;

static V1_3: LazyLock<Validator> = LazyLock::new(|| {
    let options = jsonschema::options().should_validate_formats(true);
    options
        .build(&serde_json::from_str(schema::V1_3).unwrap())
        .unwrap()
});

pub(crate) fn check(input: &[u8]) {
    let report = match read::from_slice(input) {
        Ok(loaded) => loaded.report,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    round_trip(&report);
    export(&report);
    sum_up(&report);
    redact(report);
}

fn written(report: &Report) -> Vec<u8> {
    let mut json = Vec::new();
    write::to_writer(&mut json, report).unwrap();
    json
}

fn again(report: &Report) -> Report {
    read::from_slice(&written(report))
        .expect("what was written can be read")
        .report
}

fn cuts(report: &Report) -> u64 {
    let notices = report.run.notices.iter();
    let cuts = notices.filter(|notice| notice.kind == NoticeKind::Cut);
    cuts.fold(0, |sum, notice| sum.saturating_add(notice.count))
}

fn round_trip(report: &Report) {
    let once = again(report);
    if cuts(&once) == cuts(report) {
        // What is written is of this crate's version.
        let mut before = report.clone();
        before.schema_version.clone_from(&once.schema_version);
        assert!(once == before, "it is read as it was written");
    }
    // Of what nests too deep the rest is left, and that stays.
    assert!(again(&once) == once, "a second time changes nothing");
}

fn export(report: &Report) {
    let exported = export::v1_3::export(report.clone()).report;
    let value = serde_json::to_value(&exported).unwrap();
    let errors: Vec<_> = V1_3
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "no report of 1.3: {errors:#?}");
    let again = export::v1_3::export(exported.clone());
    assert_eq!(again.cuts.total(), 0, "nothing is left to be cut");
    assert!(again.report == exported, "nothing is left to be done");

    assert!(!export::markdown::render(report).contains('\0'));
    export::junit::render(report).expect("a String takes every text");
}

fn sum_up(report: &Report) {
    let failed = report
        .tests
        .iter()
        .filter(|test| test.outcome.is_failure())
        .count();
    let grouped = causes::groups(report);
    let grouped = grouped.iter().map(|group| group.failures.len());
    assert_eq!(grouped.sum::<usize>(), failed);
    assert!(!causes::verdict(report).contains('\n'));
    let same = diff::compare(report, report, &diff::Rule::default());
    assert!(!same.is_regression() && same.added.is_empty() && same.removed.is_empty());
}

/// Redacting takes nothing away that a reader needs, and nothing the second time.
fn redact(mut report: Report) {
    let mut redactor = Redactor::new();
    redactor.report(&mut report);
    let once = serde_json::to_value(&report).unwrap();
    assert!(
        serde_json::from_value::<Report>(once.clone()).is_ok(),
        "it is a report still"
    );
    redactor.report(&mut report);
    let twice: Value = serde_json::to_value(&report).unwrap();
    assert_eq!(once, twice, "to redact twice is to redact once");
}
