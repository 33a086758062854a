//! Parts of runs, whole and broken, and the reports made of them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::model::{
    Millis, NoticeKind, Outcome, Report, Scenario, TestOutcome, Timestamp, TransportUse,
};
use crate::partial::{self, Ending, Header, PartialWriter, RunId};
use crate::read;
use crate::redact::Redactor;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

struct World {
    _scratch: tempfile::TempDir,
    folder: Folder,
    run: RunId,
}

impl World {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = Folder::create(&scratch.path().join("report")).expect("it is missing");
        Self {
            _scratch: scratch,
            folder,
            run: RunId::new("run-1"),
        }
    }

    fn writer(&self, header: &Header) -> PartialWriter {
        PartialWriter::create(&self.folder, &self.run, header, Redactor::new())
            .expect("the folder is ours")
    }

    /// A process that ran these tests to their ends.
    fn process(&self, process: &str, tests: &[(&str, TestOutcome)]) {
        let names: Vec<&str> = tests.iter().map(|(name, _)| *name).collect();
        let header = partial::header(process, &names);
        let writer = self.writer(&header);
        for (index, (_, outcome)) in tests.iter().enumerate() {
            writer.started(index, AT);
            writer.ended(index, ended(&header, index, *outcome));
        }
        writer.end(Ending::default()).expect("the folder is ours");
    }

    fn merge(&self) -> Report {
        finish_process(&self.folder, &self.run, When::Now, &Options::default())
            .expect("the parts can be merged")
            .expect("there are parts");
        self.report()
    }

    fn report(&self) -> Report {
        report(self.folder.path())
    }

    /// The file of a process that lives or has died.
    fn open_partial(&self, process: &str) -> PathBuf {
        let run = RunFolder::of(&self.folder, &self.run).expect("the folder is ours");
        run.places(process).expect("the folder is ours").0
    }
}

fn report(folder: &Path) -> Report {
    read::from_path(&folder.join("results.json"))
        .expect("the report is whole")
        .report
}

fn ended(header: &Header, index: usize, outcome: TestOutcome) -> Box<Test> {
    let test = header.test(index, outcome, Millis::ZERO);
    let mut test = test.expect("the test is in the plan");
    if outcome.is_failure() {
        test.traceback = Some("why".to_owned());
    }
    Box::new(test)
}

fn outcomes(report: &Report) -> Vec<(&str, TestOutcome)> {
    report
        .tests
        .iter()
        .map(|test| (test.name.as_str(), test.outcome))
        .collect()
}

fn notices(report: &Report) -> Vec<(NoticeKind, u64)> {
    report
        .run
        .notices
        .iter()
        .map(|notice| (notice.kind.clone(), notice.count))
        .collect()
}

#[test]
fn processes_become_one_report_in_the_order_of_the_source() {
    let world = World::new();
    world.process(
        "2",
        &[("c", TestOutcome::Skipped), ("d", TestOutcome::Slow)],
    );
    world.process(
        "1",
        &[("a", TestOutcome::Passed), ("b", TestOutcome::Failed)],
    );
    let merged = finish_process(&world.folder, &world.run, When::Now, &Options::default())
        .expect("the parts can be merged")
        .expect("there are parts");
    let report = world.report();
    assert_eq!(
        outcomes(&report),
        [
            ("a", TestOutcome::Passed),
            ("c", TestOutcome::Skipped),
            ("b", TestOutcome::Failed),
            ("d", TestOutcome::Slow),
        ]
    );
    let totals = &report.run.totals;
    assert_eq!((totals.total, totals.passed, totals.failed), (4, 1, 1));
    assert_eq!(merged.run.totals, *totals);
    assert_eq!(merged.failures.len(), 1);
    assert_eq!(merged.failures[0].name, "b");
    let processes = report.run.processes.as_ref().expect("they are counted");
    assert_eq!((processes.merged, processes.lost), (2, 0));
    assert_eq!(notices(&report), []);
    assert!(!report.run.truncated);
}

#[test]
fn a_process_that_died_leaves_its_tests_as_errors() {
    let world = World::new();
    let header = partial::header("1", &["ended", "started", "planned"]);
    let writer = world.writer(&header);
    writer.started(0, AT);
    writer.ended(0, ended(&header, 0, TestOutcome::Passed));
    writer.started(1, AT);
    drop(writer);
    let report = world.merge();
    assert_eq!(
        outcomes(&report),
        [
            ("ended", TestOutcome::Passed),
            ("started", TestOutcome::Errored),
            ("planned", TestOutcome::Errored),
        ]
    );
    let text = |index: usize| report.tests[index].traceback.clone().unwrap_or_default();
    assert!(
        text(1).starts_with("the process that ran this scenario ended before the scenario did")
    );
    assert!(text(1).contains("process 7 of `orders`"), "{}", text(1));
    assert!(text(2).contains("before the scenario began"), "{}", text(2));
    assert_eq!(notices(&report), [(NoticeKind::Lost, 1)]);
    assert!(report.run.truncated);
    assert_eq!(report.run.processes.expect("they are counted").lost, 1);
}

#[test]
fn the_plan_of_a_process_that_died_shows_no_secret() {
    let world = World::new();
    let mut header = partial::header("1", &["login password=hunter2hunter2"]);
    header.tests[0].tags = vec!["token=hunter2hunter2".to_owned()];
    drop(world.writer(&header));
    let report = world.merge();
    assert_eq!(report.tests[0].outcome, TestOutcome::Errored);
    for path in [world.open_partial("1"), world.folder.results()] {
        let text = fs::read_to_string(path).expect("it is text");
        assert!(
            !text.contains("hunter2") && text.contains("redacted"),
            "{text}"
        );
    }
    let results = fs::read_to_string(world.folder.results()).expect("it is text");
    let shown = results.matches("<redacted").count() as u64;
    assert_eq!(report.run.redactions.rules.values().sum::<u64>(), shown);
}

#[test]
fn a_torn_last_line_costs_one_test_and_is_said() {
    let world = World::new();
    let header = partial::header("1", &["a", "b"]);
    let writer = world.writer(&header);
    writer.ended(0, ended(&header, 0, TestOutcome::Passed));
    drop(writer);
    let mut file = OpenOptions::new()
        .append(true)
        .open(world.open_partial("1"))
        .expect("it was left");
    file.write_all(br#"{"test":{"index":1,"outcome":"pas"#)
        .expect("the folder is ours");
    let report = world.merge();
    assert_eq!(
        outcomes(&report),
        [("a", TestOutcome::Passed), ("b", TestOutcome::Errored)]
    );
    assert_eq!(
        notices(&report),
        [(NoticeKind::Lost, 1), (NoticeKind::Lost, 1)]
    );
}

#[test]
fn a_test_that_still_runs_is_counted_and_not_judged() {
    let world = World::new();
    world.process("1", &[("a", TestOutcome::Passed)]);
    let alive = partial::header("2", &["b", "c"]);
    let writer = world.writer(&alive);
    writer.started(0, AT);
    let report = world.merge();
    assert_eq!(outcomes(&report), [("a", TestOutcome::Passed)]);
    assert_eq!(notices(&report), [(NoticeKind::Merged, 2)]);
    writer.ended(0, ended(&alive, 0, TestOutcome::Passed));
    writer.ended(1, ended(&alive, 1, TestOutcome::Passed));
    writer.end(Ending::default()).expect("the folder is ours");
    assert_eq!(world.merge().tests.len(), 3);
}

#[test]
fn of_several_attempts_the_last_counts() {
    let world = World::new();
    // The files are read in the order of their names, which says nothing about attempts.
    for (process, attempt, outcome) in
        [("1", 2, TestOutcome::Passed), ("2", 1, TestOutcome::Failed)]
    {
        let mut header = partial::header(process, &["retried"]);
        header.attempt = attempt;
        let writer = world.writer(&header);
        writer.ended(0, ended(&header, 0, outcome));
        writer.end(Ending::default()).expect("the folder is ours");
    }
    let report = world.merge();
    assert_eq!(outcomes(&report), [("retried", TestOutcome::Passed)]);
    assert_eq!(report.run.totals.total, 1);
    assert_eq!(notices(&report), [(NoticeKind::Merged, 1)]);
    assert!(!report.run.truncated);
}

#[test]
fn a_process_that_was_stopped_marks_the_run() {
    let world = World::new();
    let writer = world.writer(&partial::header("1", &[]));
    let ending = Ending {
        interrupted: true,
        ..Ending::default()
    };
    writer.end(ending).expect("the folder is ours");
    let report = world.merge();
    assert!(report.run.interrupted);
    assert_eq!(notices(&report), [(NoticeKind::Interrupted, 1)]);
}

#[test]
fn what_is_no_partial_is_counted_and_the_rest_is_merged() {
    let world = World::new();
    world.process("5", &[("a", TestOutcome::Passed)]);
    let run = RunFolder::of(&world.folder, &world.run).expect("the folder is ours");
    for (name, text) in [
        ("1.jsonl", ""),
        ("2.jsonl", "\0\0\0"),
        ("3.jsonl", "{\"process\":{\"format\":99}}\n"),
        ("4.jsonl", "{\"end\":{\"at\":\"2026-01-31T12:00:00Z\"}}\n"),
        ("notes.txt", "not even looked at"),
    ] {
        fs::write(run.path().join(name), text).expect("the folder is ours");
    }
    let report = world.merge();
    assert_eq!(report.tests.len(), 1);
    assert_eq!(notices(&report), [(NoticeKind::Lost, 4)]);
}

#[test]
fn transports_are_those_of_the_scenarios() {
    let transport = |kinds: &[&str]| {
        let world = World::new();
        let header = partial::header("1", &["a"]);
        let writer = world.writer(&header);
        let mut test = ended(&header, 0, TestOutcome::Passed);
        let mut scenario = Scenario::new("a", Outcome::Pass, Millis::ZERO);
        for kind in kinds {
            scenario.transports.push(TransportUse::new(*kind, *kind));
        }
        test.scenarios.push(scenario);
        writer.ended(0, test);
        writer.end(Ending::default()).expect("the folder is ours");
        let run = world.merge().run;
        (run.transport, run.transports)
    };
    assert_eq!(transport(&[]), (Some("unknown".to_owned()), Vec::new()));
    assert_eq!(transport(&["nats"]), (Some("nats".to_owned()), Vec::new()));
    let both = vec!["kafka".to_owned(), "nats".to_owned()];
    assert_eq!(transport(&["nats", "kafka"]), (None, both));
}

#[test]
fn redactions_are_counted_once_for_what_the_report_shows() {
    let world = World::new();
    for (process, attempt) in [("1", 1), ("2", 2)] {
        let mut header = partial::header(process, &["retried", "other"]);
        header.attempt = attempt;
        header.run.command_line = vec!["--token=hunter2hunter2".to_owned()];
        let writer = world.writer(&header);
        for index in 0..2 {
            let mut test = ended(&header, index, TestOutcome::Failed);
            test.traceback = Some("password=hunter2hunter2".to_owned());
            writer.ended(index, test);
        }
        writer.end(Ending::default()).expect("the folder is ours");
    }
    let report = world.merge();
    let hidden: u64 = report.run.redactions.rules.values().sum();
    assert_eq!(hidden, 3, "{:?}", report.run.redactions);
    let run = RunFolder::of(&world.folder, &world.run).expect("the folder is ours");
    let parts = run.find().expect("it can be read").finished;
    for path in parts.into_iter().chain([world.folder.results()]) {
        let text = fs::read_to_string(path).expect("it is text");
        assert!(
            !text.contains("hunter2") && text.contains("redacted"),
            "{text}"
        );
    }
}

/// A test whose scenario says that it does not show everything.
fn with_gaps(header: &Header, index: usize, events: u64) -> Box<Test> {
    let mut scenario = Scenario::new("s", Outcome::Pass, Millis::ZERO);
    scenario.timeline_dropped = events;
    scenario.messages_dropped = Some(1);
    let mut test = ended(header, index, TestOutcome::Passed);
    test.scenarios.push(scenario);
    test
}

#[test]
fn what_tests_do_not_show_is_told_of_the_run() {
    let world = World::new();
    // The second attempt replaces the first, with what that one did not show.
    for (process, attempt, events) in [("1", 1, 100), ("2", 2, 3)] {
        let mut header = partial::header(process, &["a", "b"]);
        header.attempt = attempt;
        let writer = world.writer(&header);
        for index in 0..2 {
            writer.ended(index, with_gaps(&header, index, events));
        }
        writer.end(Ending::default()).expect("the folder is ours");
    }
    let report = world.merge();
    let told = [
        (NoticeKind::Dropped, 6),
        (NoticeKind::Dropped, 2),
        (NoticeKind::Merged, 2),
    ];
    assert_eq!(notices(&report), told, "{:?}", report.run.notices);
    assert!(report.run.truncated);
    // Reports of which one replaces what the other says.
    let all = World::new();
    let results = world.folder.results();
    let inputs = [results.clone(), results];
    merge(&inputs, &all.folder, &Options::default()).expect("it is a report");
    assert_eq!(notices(&all.report())[..2], told[..2]);
    // A report of version 1.3 only says that something is missing.
    let mut older = report;
    older.run.notices.clear();
    older.tests.clear();
    let path = world.folder.path().join("older.json");
    fs::write(&path, serde_json::to_vec(&older).expect("it is JSON")).expect("it is ours");
    merge(&[path], &all.folder, &Options::default()).expect("it is a report");
    assert_eq!(notices(&all.report()), [(NoticeKind::Cut, 1)]);
    assert!(all.report().run.truncated);
}

#[test]
fn redactions_of_a_test_that_another_report_replaces_are_not_counted() {
    let world = World::new();
    let mut header = partial::header("1", &["a", "b"]);
    header.run.command_line = vec!["--token=hunter2hunter2".to_owned()];
    let writer = world.writer(&header);
    for index in 0..2 {
        let mut test = ended(&header, index, TestOutcome::Failed);
        test.traceback = Some("password=hunter2hunter2".to_owned());
        writer.ended(index, test);
    }
    writer.end(Ending::default()).expect("the folder is ours");
    let once = world.merge().run.redactions;
    assert_eq!(once.rules.values().sum::<u64>(), 3);
    let all = World::new();
    let inputs = [world.folder.results(), world.folder.results()];
    merge(&inputs, &all.folder, &Options::default()).expect("it is a report");
    let both = all.report().run.redactions;
    // What was hidden in the run itself is in both, and only one run is shown.
    assert_eq!(both, once);
}

/// Version 1.3 does not say by which rules, so not in which tests.
#[test]
fn redactions_of_older_reports_are_counted_as_they_are() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/redaction.json");
    let older = read::from_path(&golden).expect("it is a report").report;
    let (world, all) = (World::new(), World::new());
    world.process("1", &[("a", TestOutcome::Passed)]);
    world.merge();
    let inputs = [world.folder.results(), golden];
    merge(&inputs, &all.folder, &Options::default()).expect("both are reports");
    let of = |report: &Report| {
        let redactions = &report.run.redactions;
        (redactions.fields, redactions.stream_matches)
    };
    assert_eq!(of(&older), (67, 32));
    assert_eq!(of(&all.report()), (67, 32));
}

#[test]
fn shards_become_one_report_whichever_way_they_come() {
    let (first, second, all) = (World::new(), World::new(), World::new());
    first.process(
        "1",
        &[("a", TestOutcome::Passed), ("b", TestOutcome::Failed)],
    );
    second.process("1", &[("c", TestOutcome::Passed)]);
    first.merge();
    second.merge();
    // As CI servers upload it: without files whose names begin with a dot, and perhaps without partials.
    fs::remove_file(second.folder.path().join(crate::folder::SENTINEL)).expect("it is there");
    for second_input in [second.folder.path().to_owned(), second.folder.results()] {
        let inputs = [first.folder.results(), second_input];
        merge(&inputs, &all.folder, &Options::default()).expect("both are reports");
        let report = all.report();
        assert_eq!(report.run.totals.total, 3);
        let processes = report.run.processes.expect("they are counted");
        assert_eq!((processes.merged, processes.shards), (2, Some(2)));
        assert_eq!(report.tests.len(), 3);
    }
    // What is not in a report yet is taken from the partials, wherever the folder is named.
    second.process("2", &[("d", TestOutcome::Failed)]);
    let partials = second.folder.partials().expect("it is ours").join("run-1");
    for input in [second.folder.path().to_owned(), partials.clone()] {
        merge(&[input], &all.folder, &Options::default()).expect("there are partials");
        assert_eq!(all.report().run.totals.failed, 1);
        assert_eq!(all.report().tests.len(), 2);
    }
    assert_eq!(
        fs::read_dir(all.folder.partials().expect("it is ours"))
            .expect("the shards were copied there")
            .count(),
        0
    );
}

#[test]
fn inputs_that_are_nothing_are_errors_that_name_them() {
    let world = World::new();
    let error = |path: &Path| {
        merge(&[path.to_owned()], &world.folder, &Options::default())
            .expect_err("there is nothing to merge")
            .to_string()
    };
    let missing = world.folder.path().join("missing");
    assert!(error(&missing).contains("missing"));
    assert!(error(world.folder.path()).contains("neither a report"));
    let text = world.folder.path().join("notes.json");
    fs::write(&text, "{}").expect("the folder is ours");
    assert!(error(&text).contains("notes.json"));
    assert!(!world.folder.results().exists());
}

#[test]
fn reports_are_passed_on_one_at_a_time() {
    let world = World::new();
    world.process("1", &[("a", TestOutcome::Passed)]);
    let mut totals = Vec::new();
    let written = |merged: &Merged| {
        let lock = world.folder.try_lock().expect("locks work");
        assert!(lock.is_none(), "another process could write one");
        totals.push(merged.run.totals.total);
    };
    finish_process_with(
        &world.folder,
        &world.run,
        When::Now,
        &Options::default(),
        written,
    )
    .expect("the parts can be merged");
    assert_eq!(totals, [1]);
}

#[test]
fn what_is_merged_already_is_not_merged_again() {
    let world = World::new();
    let options = Options::default();
    let latest = || merge_latest(&world.folder, &options).expect("the folder is ours");
    assert!(latest().is_none(), "no run left anything");
    world.process("1", &[("a", TestOutcome::Passed)]);
    assert_eq!(latest().expect("it was not merged").run.totals.total, 1);
    assert!(latest().is_none());
    // Then nothing needs to be written, as in a folder that can only be read.
    let lock = world.folder.path().join(".lock");
    fs::remove_file(&lock).expect("it is there");
    fs::create_dir(&lock).expect("the folder is ours");
    assert!(latest().is_none());
    fs::remove_dir(&lock).expect("the folder is ours");
    world.process("2", &[("b", TestOutcome::Passed)]);
    assert_eq!(latest().expect("there is one more").run.totals.total, 2);
}

#[test]
#[cfg(feature = "html")]
fn a_page_is_never_of_another_run_than_the_results() {
    let world = World::new();
    world.process("1", &[("a", TestOutcome::Passed)]);
    world.merge();
    let page = fs::read_to_string(world.folder.page()).expect("it was written");
    assert!(page.contains("shop::orders::a"), "{page}");
    let without = Options {
        page: false,
        ..Options::default()
    };
    finish_process(&world.folder, &world.run, When::Now, &without)
        .expect("the parts can be merged")
        .expect("there are parts");
    assert!(!world.folder.page().exists());
}

#[test]
#[cfg(feature = "junit")]
fn a_file_for_ci_servers_is_written_on_request_and_stays_up_to_date() {
    let world = World::new();
    let junit = || fs::read_to_string(world.folder.junit()).ok();
    world.process("1", &[("a", TestOutcome::Failed)]);
    world.merge();
    assert_eq!(junit(), None);
    let asked = Options {
        junit: true,
        ..Options::default()
    };
    finish_process(&world.folder, &world.run, When::Now, &asked)
        .expect("the parts can be merged")
        .expect("there are parts");
    assert!(junit().is_some_and(|xml| xml.contains("<failure") && xml.contains("name=\"a\"")));
    world.process("2", &[("b", TestOutcome::Passed)]);
    world.merge();
    assert!(junit().is_some_and(|xml| xml.contains("name=\"b\"")));
}

#[test]
fn a_run_does_not_mix_with_another_and_old_ones_go() {
    let mut world = World::new();
    for number in 0..9 {
        world.run = RunId::new(&format!("run-{number}"));
        world.process("1", &[("a", TestOutcome::Passed)]);
        assert_eq!(world.merge().run.totals.total, 1);
    }
    let runs = |world: &World| RunFolder::all(&world.folder).expect("it is ours").len();
    // All of them are too young to be deleted: another `cargo test` may be between two of its binaries.
    assert_eq!(runs(&world), 9);
    let hours_ago = std::time::SystemTime::UNIX_EPOCH;
    for run in RunFolder::all(&world.folder).expect("it is ours") {
        for path in [run.path().to_owned(), run.path().join("open")] {
            let folder = fs::File::open(path).expect("it is there");
            folder.set_modified(hours_ago).expect("it is ours");
        }
    }
    world.merge();
    assert_eq!(runs(&world), 1);
}

#[test]
fn a_thousand_processes_become_one_report() {
    let world = World::new();
    for number in 0..1_000 {
        let outcome = if number == 900 {
            TestOutcome::Failed
        } else {
            TestOutcome::Passed
        };
        world.process(
            &format!("{number:04}"),
            &[(&format!("test_{number}"), outcome)],
        );
    }
    let report = world.merge();
    assert_eq!(report.tests.len(), 1_000);
    assert_eq!(report.run.totals.failed, 1);
    assert_eq!(
        report.run.processes.expect("they are counted").merged,
        1_000
    );
}
