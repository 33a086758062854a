//! `choreo report open` and `choreo report merge`, and which report is meant when none is named.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use choreo_report::folder::Folder;
use choreo_report::model::{Outcome, Run, TestOutcome};
use choreo_report::partial::{Header, PartialWriter, Planned, RunId};
use choreo_report::redact::Redactor;

use crate::support::{choreo, command, report, run, save};

#[test]
fn shards_become_one_report() {
    let scratch = tempfile::tempdir().unwrap();
    let shard = |name: &str, tests: &[(&str, Outcome, u64)]| {
        let folder = scratch.path().join(name);
        fs::create_dir(&folder).unwrap();
        save(&report(tests), &folder, "results.json");
        folder.display().to_string()
    };
    let one = shard("one", &[("pays", Outcome::Pass, 10)]);
    let two = shard(
        "two",
        &[
            ("ships", Outcome::Timeout, 10),
            ("bills", Outcome::Pass, 10),
        ],
    );
    let into = scratch.path().join("merged");
    let into = into.display().to_string();
    let done = choreo(&["report", "merge", &one, &two, "-o", &into]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with("1 of 3 tests failed"), "{done:?}");
    let shown = choreo(&["report", "show", &into]);
    assert_eq!(shown.code, 1, "{shown:?}");
    assert!(shown.out.contains("shop::ships"), "{shown:?}");
}

#[test]
fn what_a_killed_process_left_is_added_before_the_report_is_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("report");
    let folder = Folder::create(&path).unwrap();
    // The run before was green, and its page is still there.
    save(
        &report(&[("pays", Outcome::Pass, 10)]),
        &path,
        "results.json",
    );
    let start = "2026-01-31T12:00:00Z".parse().unwrap();
    let run = Run::new(start, start, Duration::ZERO);
    let plan = ["pays", "ships", "bills"].map(|name| Planned::new(name, "tests/orders.rs", 1));
    let header = Header::new(7, "orders", run, plan.to_vec());
    let run = RunId::new("cargo-7");
    let writer = PartialWriter::create(&folder, &run, &header, Redactor::new()).unwrap();
    let ended = header.test(0, TestOutcome::Passed, Duration::ZERO).unwrap();
    writer.ended(0, Box::new(ended));
    writer.started(1, start);
    // As if it had been killed here.
    drop(writer);
    let path = path.display().to_string();
    let whole = scratch.path().join("whole").display().to_string();
    let merged = choreo(&["report", "merge", &path, "-o", &whole]);
    assert_eq!(merged.code, 0, "{merged:?}");
    assert!(merged.out.starts_with("2 of 3 tests failed"), "{merged:?}");
    for folder in [path, whole] {
        let shown = choreo(&["report", "show", &folder]);
        assert_eq!(shown.code, 1, "{shown:?}");
        assert!(shown.out.contains("2 of 3 tests failed"), "{shown:?}");
        assert!(shown.out.contains("orders::ships"), "{shown:?}");
        assert!(
            shown.out.contains("note: a process ended before"),
            "{shown:?}"
        );
    }
}

#[test]
fn merging_into_somebody_elses_folder_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = save(&report(&[]), scratch.path(), "results.json");
    let done = choreo(&[
        "report",
        "merge",
        &file,
        "-o",
        &scratch.path().display().to_string(),
    ]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("not ours"), "{done:?}");
    let into = scratch.path().join("merged").display().to_string();
    let nothing = choreo(&["report", "merge", "/does/not/exist", "-o", &into]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
}

/// Starts what stands for the browser, and says which page it was given.
#[cfg(unix)]
fn opened(arguments: &[&str], folder: &Path) -> (String, crate::support::Done) {
    use std::os::unix::fs::PermissionsExt;
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    let pipe = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    // Every name that the system's own way of opening could have.
    for name in [
        "xdg-open",
        "open",
        "gio",
        "gnome-open",
        "kde-open",
        "wslview",
    ] {
        let script = bin.join(name);
        fs::write(
            &script,
            format!("#!/bin/sh\necho \"$@\" > '{}'\n", pipe.display()),
        )
        .unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(fs::read_to_string(pipe).unwrap()));
    let done = run(command().args(arguments).env("PATH", path));
    let page = receiver
        .recv_timeout(Duration::from_secs(30))
        .unwrap_or_else(|_| panic!("no browser was started: {done:?}"));
    (page, done)
}

#[cfg(unix)]
#[test]
fn the_page_is_opened() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("report");
    fs::create_dir(&folder).unwrap();
    let page = folder.join("index.html");
    fs::write(&page, "<!doctype html>").unwrap();
    let (given, done) = opened(
        &["report", "open", &folder.display().to_string()],
        scratch.path(),
    );
    assert_eq!(done.code, 0, "{done:?}");
    assert!(given.contains(&page.display().to_string()), "{given}");
    assert_eq!(done.out, format!("{}\n", page.display()));
}

#[test]
fn a_report_without_page_is_not_opened() {
    let scratch = tempfile::tempdir().unwrap();
    let done = choreo(&["report", "open", &scratch.path().display().to_string()]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("there is no page"), "{done:?}");
}

#[test]
fn without_a_name_the_report_of_the_project_is_meant() {
    let scratch = tempfile::tempdir().unwrap();
    let inside = scratch.path().join("crates/shop");
    fs::create_dir_all(&inside).unwrap();
    let show = |environment: &[(&str, &str)]| {
        let mut command = command();
        command.args(["report", "show"]).current_dir(&inside);
        run(command.envs(environment.iter().copied()))
    };
    let none = show(&[]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.err.contains("there is no report"), "{none:?}");

    let place = |name: &str, test: &str| {
        let folder = scratch.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        save(
            &report(&[(test, Outcome::Timeout, 10)]),
            &folder,
            "results.json",
        );
        folder.display().to_string()
    };
    place("target/choreo/report", "in_target");
    assert!(show(&[]).out.contains("shop::in_target"));
    place("out/choreo/report", "in_other_target");
    let out = scratch.path().join("out").display().to_string();
    assert!(
        show(&[("CARGO_TARGET_DIR", &out)])
            .out
            .contains("shop::in_other_target")
    );
    place("configured", "as_configured");
    fs::write(
        scratch.path().join("choreo.toml"),
        "[report]\ndir = 'configured'\n",
    )
    .unwrap();
    assert!(show(&[]).out.contains("shop::as_configured"));
    let named = place("named", "as_named");
    assert!(
        show(&[("CHOREO_REPORT_DIR", &named)])
            .out
            .contains("shop::as_named")
    );
}
