//! What holds for every report: it round-trips, it is valid by its schema, its exports are valid, and no bytes
//! make the reader panic.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod filler;

use std::sync::LazyLock;

use choreo_report::model::{Report, Run, ScenarioOutcome, TestOutcome, Timestamp};
use choreo_report::{causes, diff, export, read, schema, write};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

use self::filler::{Filler, HALF, WORDS, material};

static V1_3: LazyLock<Validator> = LazyLock::new(|| validator(schema::V1_3));
static V1_4: LazyLock<Validator> = LazyLock::new(|| validator(schema::V1_4));

fn validator(schema: &str) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options
        .build(&serde_json::from_str(schema).unwrap())
        .unwrap()
}

fn errors(validator: &Validator, report: &Value) -> Vec<String> {
    validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn written(report: &Report) -> Vec<u8> {
    let mut json = Vec::new();
    write::to_writer(&mut json, report).unwrap();
    json
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_report_is_valid_and_round_trips(material in material()) {
        let report = Filler::new(material).report();
        let json = written(&report);
        let value: Value = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(errors(&V1_4, &value), Vec::<String>::new());
        let loaded = read::from_slice(&json).unwrap();
        // Not shown: it is long.
        prop_assert!(loaded.report == report);
    }

    #[test]
    fn every_export_to_1_3_is_valid(material in material()) {
        let report = Filler::new(material).report();
        let exported = export::v1_3::export(report).report;
        let value = serde_json::to_value(&exported).unwrap();
        prop_assert_eq!(errors(&V1_3, &value), Vec::<String>::new());
        // Nothing is left to be done.
        let again = export::v1_3::export(exported.clone());
        prop_assert_eq!(again.cuts.total(), 0);
        prop_assert!(again.report == exported);
    }

    #[test]
    fn what_the_python_tool_writes_is_read_and_written_as_strict_json(material in material()) {
        let mut json = String::from_utf8(written(&Filler::new(material).report())).unwrap();
        let mut replaced = json.matches(HALF).count();
        json = json.replace(HALF, r"\udc00");
        for word in WORDS {
            let marked = format!("\"@{word}@\"");
            replaced += json.matches(&marked).count();
            json = json.replace(&marked, word);
        }
        let loaded = read::from_slice(json.as_bytes()).unwrap();
        prop_assert_eq!(loaded.is_strict(), replaced == 0);
        let told: u64 = loaded.notices.iter().map(|notice| notice.count).sum();
        prop_assert_eq!(told, replaced as u64);

        let report = loaded.into_report();
        let again = written(&report);
        let value: Value = serde_json::from_slice(&again).unwrap();
        prop_assert_eq!(errors(&V1_4, &value), Vec::<String>::new());
        let read_again = read::from_slice(&again).unwrap();
        prop_assert!(read_again.is_strict() && read_again.report == report);
        let exported = serde_json::to_value(export::v1_3::export(report).report).unwrap();
        prop_assert_eq!(errors(&V1_3, &exported), Vec::<String>::new());
    }

    #[test]
    fn every_report_can_be_summed_up(material in material()) {
        let report = Filler::new(material).report();
        let failed = report.tests.iter().filter(|test| test.outcome.is_failure()).count();
        let groups = causes::groups(&report);
        prop_assert_eq!(groups.iter().map(|group| group.failures.len()).sum::<usize>(), failed);
        prop_assert!(!causes::verdict(&report).contains('\n'));
        let same = diff::compare(&report, &report, &diff::Rule::default());
        prop_assert!(!same.is_regression());
        prop_assert!(same.added.is_empty() && same.removed.is_empty());
        prop_assert!(!export::markdown::render(&report).contains('\0'));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read::from_slice(&bytes).is_err());
    }

    #[test]
    fn no_damaged_report_makes_the_reader_panic(
        at in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut json = include_bytes!("../golden/near-miss.json").to_vec();
        let at = at.index(json.len());
        json[at] = byte;
        let whole = json.len();
        json.truncate(cut.index(whole) + 1);
        if let Err(error) = read::from_slice(&json) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn every_time_is_read_as_it_was_written(micros in any::<i64>()) {
        let time = match u64::try_from(micros) {
            Ok(after) => std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_micros(after)),
            Err(_) => std::time::UNIX_EPOCH
                .checked_sub(std::time::Duration::from_micros(micros.unsigned_abs())),
        };
        let time: Timestamp = time.unwrap().into();
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }
}

/// Hostile names, each in every place at once.
#[test]
fn hostile_strings_are_only_text() {
    // More than 1.3 takes of what was printed.
    let huge = "x".repeat(70_000);
    for text in [
        "constructor",
        "__proto__",
        "</script><script>alert(1)</script>",
        "\u{202e}right to left",
        "👩‍👩‍👧‍👦",
        "a\0b",
        "\u{2028}\u{2029}\u{feff}\u{fffe}",
        "\"\\\u{7f}\u{1b}[31m",
        huge.as_str(),
    ] {
        let report = Filler::of_text(text).report();
        let json = written(&report);
        let value: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(errors(&V1_4, &value), Vec::<String>::new());
        assert!(read::from_slice(&json).unwrap().report == report);
        let exported = export::v1_3::export(report).report;
        let value = serde_json::to_value(&exported).unwrap();
        assert_eq!(errors(&V1_3, &value), Vec::<String>::new());
    }
}

/// Who writes a report says how many there were, and need not be right.
#[test]
fn numbers_at_their_end_do_not_overflow() {
    let mut report = Filler::of_text("text").report();
    let totals = &mut report.run.totals;
    totals.total = u64::MAX;
    for count in [&mut totals.passed, &mut totals.failed, &mut totals.errored] {
        *count = u64::MAX;
    }
    let test = &mut report.tests[0];
    test.outcome = TestOutcome::Slow;
    let scenario = &mut test.scenarios[0];
    scenario.outcome = ScenarioOutcome::Pass;
    scenario.timeline_dropped = u64::MAX;
    scenario.timeline = vec![scenario.timeline[0].clone(); 300];
    let handle = &mut scenario.handles[0];
    handle.failures_dropped = u64::MAX;
    handle.failures = vec![handle.failures[0].clone(); 30];
    assert!(causes::verdict(&report).contains(&u64::MAX.to_string()));
    let exported = export::v1_3::export(report).report;
    let scenario = &exported.tests[0].scenarios[0];
    assert_eq!(scenario.timeline_dropped, u64::MAX);
    assert_eq!(scenario.handles[0].failures_dropped, u64::MAX);
}

#[test]
fn the_schema_finds_mistakes() {
    let valid = serde_json::to_value(Filler::of_text("text").report()).unwrap();
    assert_eq!(errors(&V1_4, &valid), Vec::<String>::new());
    let handle = "/tests/0/scenarios/0/handles/0";
    for (place, wrong) in [
        ("/schema_version".to_owned(), Value::from("1.3")),
        ("/run/duration_ms".to_owned(), Value::Null),
        ("/run/started_at".to_owned(), Value::from("yesterday")),
        ("/run/totals/passed".to_owned(), Value::from(-1)),
        ("/tests/0/outcome".to_owned(), Value::from("ok")),
        ("/tests/0/location/line".to_owned(), Value::from("7")),
        (format!("{handle}/correlation_id"), Value::from("order-42")),
        (format!("{handle}/id"), Value::from("handle 1")),
        (format!("{handle}/matched/0"), Value::from("e1")),
        (format!("{handle}/cause/kind"), Value::from("magic")),
        (format!("{handle}/verdict"), Value::Null),
    ] {
        let mut report = valid.clone();
        *report
            .pointer_mut(&place)
            .unwrap_or_else(|| panic!("no {place}")) = wrong;
        assert!(
            !errors(&V1_4, &report).is_empty(),
            "{place} may be anything"
        );
    }
    for (object, field) in [
        ("", "run"),
        ("/run", "totals"),
        ("/tests/0", "worker_id"),
        (handle, "reason"),
    ] {
        let mut report = valid.clone();
        let object = report.pointer_mut(object).unwrap().as_object_mut().unwrap();
        assert!(object.remove(field).is_some());
        assert!(!errors(&V1_4, &report).is_empty(), "{field} may be missing");
    }
}

#[test]
fn a_bare_run_is_valid() {
    let now = Timestamp::now();
    let run = Run::new(now, now, std::time::Duration::from_millis(5));
    let value = serde_json::to_value(Report::new(run, Vec::new())).unwrap();
    assert_eq!(errors(&V1_4, &value), Vec::<String>::new());
    // Older consumers find all that they need, and nothing else.
    let mut as_1_3 = value;
    as_1_3["schema_version"] = "1.3".into();
    as_1_3["run"]["transport"] = "memory".into();
    assert_eq!(errors(&V1_3, &as_1_3), Vec::<String>::new());
}
