//! `choreo report show`.

use choreo_report::model::{Notice, NoticeKind, Outcome};

use crate::support::{choreo, command, golden, report, run, save};

#[test]
fn a_failing_run_is_summed_up() {
    let scratch = tempfile::tempdir().unwrap();
    let mut report = report(&[
        ("pays", Outcome::Pass, 12),
        ("ships", Outcome::Timeout, 500),
        ("bills", Outcome::Slow, 80),
        ("mails", Outcome::Timeout, 500),
    ]);
    report.run.notices = vec![
        Notice::new(NoticeKind::Cut, "payloads are shown in part", 3),
        Notice::new(NoticeKind::Lost, "a process died", 1),
    ];
    let file = save(&report, scratch.path(), "results.json");
    let done = choreo(&["report", "show", &file]);
    assert_eq!(done.code, 1, "{done:?}");
    assert_eq!(
        done.out,
        "\
2 of 4 tests failed (1 slow).
note: payloads are shown in part (3)
note: a process died

routing on orders.processed (2 tests)
  nothing came for ships
    shop::ships
    shop::mails

---- shop::ships ----
TIMEOUT  ships
  the text of ships

---- shop::mails ----
TIMEOUT  mails
  the text of mails

nearest to their budgets, or over:
  160 %  80 ms of 50 ms  orders.processed  shop::bills
   24 %  12 ms of 50 ms  orders.processed  shop::pays
"
    );
}

#[test]
fn a_folder_is_as_good_as_a_file_and_a_passing_run_ends_with_0() {
    let scratch = tempfile::tempdir().unwrap();
    save(
        &report(&[("pays", Outcome::Pass, 12)]),
        scratch.path(),
        "results.json",
    );
    let done = choreo(&["report", "show", &scratch.path().display().to_string()]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with("The test passed.\n"), "{done:?}");
}

#[test]
fn long_lists_are_cut_and_all_shows_them() {
    let scratch = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..30).map(|number| format!("test_{number}")).collect();
    let tests: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), Outcome::Timeout, 1))
        .collect();
    let file = save(&report(&tests), scratch.path(), "results.json");
    let short = choreo(&["report", "show", &file]);
    assert!(
        short.out.contains("… and 20 more; --all shows them"),
        "{short:?}"
    );
    assert!(
        short.out.contains("… and 27 more failure texts"),
        "{short:?}"
    );
    let all = choreo(&["report", "show", "--all", &file]);
    assert!(!all.out.contains("--all"), "{all:?}");
    assert!(all.out.contains("the text of test_29"), "{all:?}");
}

#[test]
fn reports_of_every_version_are_shown() {
    for (name, code, says) in [
        ("passing.json", 0, "passed"),
        ("near-miss.json", 1, "failed"),
        ("older/v1.0-reporter-0.1.0-full-suite.json", 1, "failed"),
        ("empty-run.json", 0, "No test was selected."),
    ] {
        let done = choreo(&["report", "show", &golden(name).display().to_string()]);
        assert_eq!(done.code, code, "{name}: {done:?}");
        assert!(
            done.out.lines().take(2).any(|line| line.contains(says)),
            "{name}: {done:?}"
        );
    }
}

#[test]
fn a_foreign_report_does_not_drive_the_terminal() {
    let scratch = tempfile::tempdir().unwrap();
    let mut report = report(&[("pays", Outcome::Timeout, 12)]);
    let hostile = "\u{1b}]0;gone\u{7}\u{1b}[2J";
    report.run.project_name = Some(hostile.to_owned());
    let test = &mut report.tests[0];
    test.nodeid = hostile.to_owned();
    test.failure_text = Some(format!("a\n{hostile}"));
    test.scenarios[0].handles[0].topic = hostile.to_owned();
    let file = save(&report, scratch.path(), "results.json");
    // Also where colours are forced.
    for force in ["0", "1"] {
        let done = run(command()
            .args(["report", "show", &file])
            .env("CLICOLOR_FORCE", force));
        for sequence in ["\u{1b}]", "\u{1b}[2J", "\u{7}"] {
            assert!(!done.out.contains(sequence), "{done:?}");
        }
    }
}
