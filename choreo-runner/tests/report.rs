//! The report of a run, as users find it: in which folder, what is in it, and that trouble with it is no trouble.

#[path = "report/fixture.rs"]
mod fixture;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::model::{NoticeKind, Report, Test, TestOutcome};
use choreo_report::read;
use support::{Ran, run, run_with};

/// A folder for the report of one check, in a project without `choreo.toml`.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        path.to_str().expect("the path is text").to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("the scratch folder is ours");
    }

    /// Runs the fixture in this project. The report is written where the project says.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let project = self.path("");
        let mut all = vec![
            ("CHOREO_REPORT", "on"),
            ("CARGO_MANIFEST_DIR", project.as_str()),
            ("CARGO_PKG_NAME", "shop"),
        ];
        all.extend(variables);
        run_with(args, &all)
    }

    fn report(&self, folder: &str) -> Report {
        report(&self.0.path().join(folder))
    }
}

fn report(folder: &Path) -> Report {
    let path = folder.join("results.json");
    let loaded = read::from_path(&path).expect("the report is whole");
    loaded.report
}

fn outcomes(report: &Report) -> Vec<(&str, TestOutcome)> {
    let tests = report.tests.iter();
    tests
        .map(|test| (test.name.as_str(), test.outcome))
        .collect()
}

/// The command that runs a test again, without the options of the cargo that runs these checks.
fn rerun(test: &Test) -> String {
    let command = test.rerun.as_deref().expect("it can be run again");
    let (before, rest) = command
        .split_once(" -p shop")
        .expect("it names the package");
    let (_, after) = rest.split_once(" --test ").expect("it names the target");
    format!("{before} -p shop --test {after}")
}

fn the_report_has_every_test_with_what_is_known() {
    let scratch = Scratch::new();
    scratch
        .run(&["a::", "--report", "out", "--slow=warn"], &[])
        .exits(101)
        .warns(0, "warning");
    let report = scratch.report("out");
    assert_eq!(
        outcomes(&report),
        [
            ("a::passes", TestOutcome::Passed),
            ("a::is_slow", TestOutcome::Slow),
            ("a::fails", TestOutcome::Failed),
            ("a::errs", TestOutcome::Errored),
            ("a::is_ignored", TestOutcome::Skipped),
        ]
    );
    let [passes, _, fails, _, ignored] = &report.tests[..] else {
        panic!("there are five");
    };
    assert_eq!(passes.nodeid, "shop::report::a::passes");
    assert_eq!(passes.tags, ["quick"]);
    assert_eq!(passes.duration_ms.get(), 20.0);
    assert!(
        passes
            .started_at
            .is_some_and(|at| at >= report.run.started_at)
    );
    let location = passes.location.as_ref().expect("it has a place");
    assert_eq!(
        (location.file.as_str(), location.line),
        ("tests/orders.rs", 1)
    );
    assert_eq!(
        rerun(passes),
        "cargo test -p shop --test report -- --exact a::passes"
    );
    let text = "one near miss\n  - count: 3";
    assert_eq!(fails.traceback.as_deref(), Some(text));
    assert_eq!(fails.failure_text.as_deref(), Some(text));
    let row = fails.case.as_ref().map(ToString::to_string);
    assert_eq!(row.as_deref(), Some("number 2, at tests/orders.rs:3"));
    assert_eq!(passes.case, None);
    assert_eq!(ignored.skip_reason.as_deref(), Some("not now"));

    let run = &report.run;
    assert_eq!(run.totals.total, 5);
    assert_eq!(run.allowlist_path.as_deref(), Some("shop/choreo.toml"));
    assert_eq!(run.os.as_deref(), Some(std::env::consts::OS));
    assert!(
        run.toolchain
            .as_ref()
            .is_some_and(|toolchain| toolchain.starts_with("rustc 1."))
    );
    assert!(!run.command_line.is_empty() && !run.hostname.is_empty());
    assert_eq!(run.notices, []);
}

fn what_did_not_run_after_a_failure_says_so() {
    let scratch = Scratch::new();
    let args = ["a::", "--fail-fast", "--test-threads=1", "--report", "out"];
    scratch.run(&args, &[]).exits(101);
    let report = scratch.report("out");
    let errs = &report.tests[3];
    assert_eq!(errs.name, "a::errs");
    assert_eq!(errs.outcome, TestOutcome::Skipped);
    assert_eq!(
        errs.skip_reason.as_deref(),
        Some("not run: another scenario failed before (--fail-fast)")
    );
}

fn what_is_not_shown_is_told_at_the_top() {
    let scratch = Scratch::new();
    scratch.run(&["gaps", "--report", "out"], &[]).exits(0);
    let run = scratch.report("out").run;
    assert!(run.truncated);
    let told: Vec<_> = run
        .notices
        .iter()
        .map(|notice| (notice.kind.as_str(), notice.count))
        .collect();
    assert_eq!(told, [("cut", 2), ("dropped", 9)]);
    let page = fs::read_to_string(scratch.path("out/index.html")).expect("there is a page");
    for part in [
        r#"data-notice="cut"><bdi>payloads are shown in part or not at all, because of their size (2)<"#,
        r#"data-notice="dropped"><bdi>events are counted and not shown, the oldest of their timelines (9)<"#,
    ] {
        assert!(page.contains(part), "{part}");
    }
}

fn colours_stay_on_the_terminal() {
    let scratch = Scratch::new();
    scratch
        .run(&["a::fails", "--report", "out", "--color=always"], &[])
        .exits(101);
    let report = scratch.report("out");
    let text = report.tests[0].traceback.as_deref();
    assert!(text.is_some_and(|text| !text.contains('\x1b')), "{text:?}");
}

fn the_folder_is_what_the_nearest_place_says() {
    let scratch = Scratch::new();
    let written = |folder: &str| {
        let path = scratch.0.path().join(folder);
        let written = path.join("results.json").is_file();
        if path.exists() {
            fs::remove_dir_all(path).expect("the scratch folder is ours");
        }
        written
    };
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["a::passes"];
        all.extend(args);
        scratch.run(&all, variables).exits(0).warns(0, "warning")
    };
    scratch.write(
        "choreo.toml",
        "[report]\ndir = 'of-project'\n[allow]\nnats = []\n",
    );
    run(&[], &[]);
    assert!(written("of-project"));
    run(&[], &[("CHOREO_REPORT_DIR", "of-environment")]);
    assert!(written("of-environment") && !written("of-project"));
    let absolute = scratch.path("of-command-line");
    run(
        &["--report", &absolute],
        &[("CHOREO_REPORT_DIR", "of-environment")],
    );
    assert!(written("of-command-line") && !written("of-environment"));

    run(&["--report=off"], &[]);
    run(&[], &[("CHOREO_REPORT", "off")]);
    scratch.write("choreo.toml", "[report]\ndir = 'off'\n");
    run(&[], &[]);
    let left = fs::read_dir(scratch.0.path()).expect("it is ours").count();
    assert_eq!(left, 1, "only choreo.toml");
}

fn a_relative_folder_is_one_of_the_workspace() {
    let scratch = Scratch::new();
    scratch.write("Cargo.lock", "");
    let package = scratch.path("crates/orders");
    fs::create_dir_all(&package).expect("the scratch folder is ours");
    let variables = [("CARGO_MANIFEST_DIR", package.as_str())];
    scratch
        .run(&["a::passes", "--report", "out"], &variables)
        .exits(0);
    assert_eq!(scratch.report("out").tests.len(), 1);
}

fn trouble_with_the_report_is_a_warning_and_no_more() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("work")).expect("the scratch folder is ours");
    scratch.write("work/index.html", "precious");
    scratch.write("file", "precious");
    for (folder, says) in [
        ("work", "no `.choreo-report`"),
        ("file", "not a folder"),
        ("/", "root of a file system"),
        ("file/below", "no report: "),
        ("~/report", "only shells know what `~` is"),
    ] {
        scratch
            .run(&["a::passes", "--report", folder], &[])
            .exits(0)
            .has_lines(&["test a::passes ... ok (12 ms of 50 ms)"])
            .warns(1, "warning: no report: ")
            .warns(1, says);
        scratch
            .run(&["a::fails", "--report", folder], &[])
            .exits(101);
    }
    let text = |name: &str| fs::read_to_string(scratch.path(name)).expect("nobody touched it");
    assert_eq!(
        (text("work/index.html"), text("file")),
        ("precious".into(), "precious".into())
    );

    scratch.write("choreo.toml", "[report]\nfolder = 'x'");
    scratch
        .run(&["a::passes", "--report", "out"], &[])
        .exits(0)
        .warns(1, "choreo.toml:2:1: unknown field `folder`");
    assert_eq!(scratch.report("out").tests.len(), 1);
}

fn chance_and_what_it_was_drawn_from() {
    let scratch = Scratch::new();
    // Each is a run of its own, unless it says otherwise.
    let seed_of = |run: &str, args: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["--report", "out"];
        all.extend(args);
        let mut environment = vec![("CHOREO_RUN_ID", run)];
        environment.extend(variables);
        let ran = scratch.run(&all, &environment);
        let report = scratch.report("out");
        let drawn = report.tests[0].traceback.clone();
        let drawn = drawn.and_then(|text| Some(text.strip_prefix("drawn from ")?.to_owned()));
        (ran.status, report.run.seed, drawn)
    };
    let seed = |seed: &str| Some(seed.to_owned());
    let quiet = ["a::passes"];
    assert_eq!(seed_of("nothing", &quiet, &[]), (Some(0), None, None));
    let fixed = [("CHOREO_SEED", "17")];
    let expected = (Some(0), seed("17"), None);
    assert_eq!(seed_of("fixed", &quiet, &fixed), expected);
    let expected = (Some(101), seed("17"), seed("17"));
    assert_eq!(seed_of("environment", &["chance"], &fixed), expected);
    let expected = (Some(101), seed("9"), seed("9"));
    let both = ["chance", "--seed=9"];
    assert_eq!(seed_of("command line", &both, &fixed), expected);

    assert_eq!(
        rerun(&scratch.report("out").tests[0]),
        "CHOREO_SEED=9 cargo test -p shop --test report -- --exact chance::draws"
    );

    // The processes of a run have one, and the next run has another.
    let of_nextest = |run: &str, id: &str| seed_of(run, &["chance"], &[("NEXTEST_RUN_ID", id)]);
    let (_, reported, drawn) = of_nextest("first process", "4f2a");
    assert!(drawn.is_some());
    assert_eq!(reported, drawn);
    assert_eq!(of_nextest("second process", "4f2a").1, drawn);
    assert_ne!(of_nextest("another run", "4f2b").1, drawn);

    // Of parts that drew from several none is the run's.
    let one = ["chance", "--seed=1"];
    assert_eq!(seed_of("parts", &one, &[]).1, seed("1"));
    assert_eq!(seed_of("parts", &["a::passes", "--seed=2"], &[]).1, None);

    scratch
        .run(&["chance"], &[("CHOREO_SEED", "often")])
        .exits(2)
        .warns(1, "CHOREO_SEED is `often`: it must be a whole number");
}

fn a_run_of_nothing_leaves_the_last_report() {
    let scratch = Scratch::new();
    scratch.run(&["a::passes", "--report", "out"], &[]).exits(0);
    scratch
        .run(&["no such test", "--report", "out"], &[])
        .exits(0);
    scratch
        .run(&["a::fails", "--list", "--report", "out"], &[])
        .exits(0);
    scratch
        .run(&["a::fails", "--bench", "--report", "out"], &[])
        .exits(0);
    assert_eq!(
        outcomes(&scratch.report("out")),
        [("a::passes", TestOutcome::Passed)]
    );
}

fn a_process_that_dies_is_in_the_report_of_the_next() {
    let scratch = Scratch::new();
    let variables = [("CHOREO_RUN_ID", "one")];
    let died = scratch.run(&["dies", "--report", "out"], &variables);
    assert_ne!(died.status, Some(0), "{died}");
    scratch
        .run(&["a::passes", "--report", "out"], &variables)
        .exits(0);
    let report = scratch.report("out");
    assert_eq!(
        outcomes(&report),
        [
            ("a::passes", TestOutcome::Passed),
            ("dies::aborts", TestOutcome::Errored)
        ]
    );
    let text = report.tests[1].traceback.clone().unwrap_or_default();
    assert!(text.contains("ended before"), "{text}");
    assert_eq!(report.run.notices[0].kind, NoticeKind::Lost);
}

#[cfg(unix)]
fn a_run_that_is_stopped_says_so() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use support::command;

    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let scratch = Scratch::new();
        let folder = scratch.path("out");
        let args = ["waits", "--report", &folder, "--concurrency=1"];
        let mut child = command(&args, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the fixture starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("waits") {
            line.clear();
            let read = stderr.read_line(&mut line).expect("the messages are text");
            assert_ne!(read, 0, "it ended too early");
        }
        let kill = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status();
        assert!(kill.expect("there is a `kill`").success());
        let ended = child.wait().expect("it is our child");
        assert_eq!(ended.code(), Some(status), "{signal}");

        let report = scratch.report("out");
        assert!(report.run.interrupted);
        assert_eq!(
            outcomes(&report),
            [
                ("waits::waits", TestOutcome::Errored),
                ("waits::would_follow", TestOutcome::Skipped)
            ]
        );
        let why = |text: &Option<String>| text.clone().unwrap_or_default();
        let Test { traceback, .. } = &report.tests[0];
        assert!(
            why(traceback).contains(&format!("SIG{signal}")),
            "{traceback:?}"
        );
        assert!(why(&report.tests[1].skip_reason).contains("before it began"));
    }
}

fn processes_of_nextest_are_one_run_and_the_last_attempt_counts() {
    let scratch = Scratch::new();
    let process = |name: &str, attempt: &str, status: i32| {
        let variables = [
            ("NEXTEST", "1"),
            ("NEXTEST_RUN_ID", "4f2a"),
            ("NEXTEST_ATTEMPT", attempt),
        ];
        let args = [name, "--exact", "--report", "out"];
        scratch.run(&args, &variables).exits(status);
    };
    process("a::passes", "1", 0);
    process("retried::retried", "1", 101);
    assert_eq!(scratch.report("out").run.totals.failed, 1);
    process("retried::retried", "2", 0);
    let report = scratch.report("out");
    assert_eq!(
        outcomes(&report),
        [
            ("a::passes", TestOutcome::Passed),
            ("retried::retried", TestOutcome::Passed)
        ]
    );
    assert_eq!(
        rerun(&report.tests[1]),
        "cargo nextest run -p shop --test report -E 'test(=retried::retried)'"
    );
    let kinds: Vec<_> = report
        .run
        .notices
        .iter()
        .map(|notice| &notice.kind)
        .collect();
    assert_eq!(kinds, [&NoticeKind::Merged], "one was retried");
}

fn github_gets_annotations_and_a_summary() {
    let scratch = Scratch::new();
    let (summary, project) = (scratch.path("summary.md"), scratch.path(""));
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKSPACE", project.as_str()),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("CHOREO_RUN_ID", "one"),
    ];
    let args = ["a::", "--report", "out", "--format=json"];
    scratch
        .run(&args, &variables)
        .exits(101)
        .says(0, "::error")
        .warns(
            1,
            "::error file=tests/orders.rs,line=3,title=a%3A%3Afails::one near miss%0A  - count: 3\n",
        )
        .warns(2, "::error ")
        .warns(1, "title=a%3A%3Aerrs::#1 was refused\n")
        .warns(1, "::warning file=tests/orders.rs,line=2,title=a%3A%3Ais_slow::");
    scratch
        .run(&["a::fails", "--report", "out"], &variables)
        .exits(101);
    let text = fs::read_to_string(&summary).expect("it was written");
    assert_eq!(text.matches("### Choreo").count(), 1, "{text}");
    assert!(
        text.contains("shop&#58;&#58;report&#58;&#58;a&#58;&#58;fails"),
        "{text}"
    );
    assert!(
        text.contains("<pre>one near miss&#10;  - count&#58; 3</pre>"),
        "{text}"
    );

    let long = "x".repeat(600 * 1024);
    fs::write(&summary, &long).expect("the scratch folder is ours");
    scratch
        .run(&args, &variables)
        .exits(101)
        .warns(1, "warning: no summary of the run for GitHub: ")
        .warns(1, "would be longer than 512 KiB");
    let kept = fs::read_to_string(&summary).expect("it is text");
    assert!(kept == long, "nobody touched it");

    fs::remove_file(&summary).expect("it was written");
    let off = [&variables[..], &[("CHOREO_GITHUB", "off")]].concat();
    scratch.run(&args, &off).exits(101).warns(0, "::error");
    assert!(!PathBuf::from(summary).exists());
}

fn programs_are_told_where_the_report_is() {
    let scratch = Scratch::new();
    let ran = scratch.run(&["a::passes", "--report", "out", "--format=json"], &[]);
    let last = ran.stdout.lines().last().expect("the suite ends");
    let event: serde_json::Value = serde_json::from_str(last).expect("it is an event");
    let report = event["choreo"]["report"]
        .as_str()
        .expect("there is a report");
    assert!(Path::new(report).is_file(), "{ran}");
    // Nobody looks at a terminal here.
    let ran = scratch.run(&["a::passes", "--report", "out"], &[]);
    assert_eq!(ran.names(), ["a::passes"]);
    ran.says(0, "report:");
    // Without a report there is nothing to tell.
    run(&["a::passes", "--format=json"])
        .exits(0)
        .says(0, r#""report""#);
}

fn outputs_hide_what_reports_hide() {
    let scratch = Scratch::new();
    let json = ["secrets::leaks", "--format=json"];
    let with_report = [&json[..], &["--report", "out"]].concat();
    for ran in [run(&json), scratch.run(&with_report, &[])] {
        ran.exits(101)
            .says(
                1,
                "refused: <redacted:secret>, password=<redacted:assignment>",
            )
            .says(1, r#""topic":"orders.<redacted:secret>""#);
    }
    run(&["secrets::leaks"])
        .exits(101)
        .says(
            1,
            "refused: <redacted:secret>, password=<redacted:assignment>",
        )
        .says(1, "(fail: orders.<redacted:secret>)");
    run_with(&["secrets::leaks"], &[("CHOREO_SHOW_SECRETS", "1")])
        .exits(101)
        .says(1, "refused: w4lrus-of-this-check, password=hunter2hunter2");
}

fn junit_is_written_where_it_is_asked_for() {
    let scratch = Scratch::new();
    let file = scratch.0.path().join("out/junit.xml");
    scratch.write("choreo.toml", "[report]\ndir = 'out'\njunit = true\n");
    let ran = scratch.run(&["a::", "--slow=warn"], &[]).exits(101);
    if !cfg!(feature = "junit") {
        ran.warns(1, "no junit.xml");
        assert!(!file.exists());
        return;
    }
    ran.warns(0, "warning");
    let xml = fs::read_to_string(&file).expect("it was asked for");
    for part in [
        r#"tests="5" skipped="1" failures="1" errors="1""#,
        r#"<testsuite name="shop::report""#,
        r#"<testcase name="a::fails" classname="shop::report""#,
        r#"<property name="slow" value="true"/>"#,
        r#"<skipped message="not now"/>"#,
    ] {
        assert!(xml.contains(part), "{part} is missing:\n{xml}");
    }

    fs::remove_file(&file).expect("the scratch folder is ours");
    let off = ("CHOREO_REPORT_JUNIT", "off");
    scratch.run(&["a::passes"], &[off]).exits(0);
    assert!(!file.exists());
    scratch.write("choreo.toml", "[report]\ndir = 'out'\n");
    let on = ("CHOREO_REPORT_JUNIT", "on");
    scratch.run(&["a::passes"], &[on]).exits(0);
    assert!(file.exists());
}

macro_rules! checks {
    ($($(#[$attribute:meta])* $check:ident),* $(,)?) => {
        &[$($(#[$attribute])* (stringify!($check), $check as fn())),*]
    };
}

fn main() {
    support::main(
        module_path!(),
        checks![
            the_report_has_every_test_with_what_is_known,
            what_did_not_run_after_a_failure_says_so,
            what_is_not_shown_is_told_at_the_top,
            colours_stay_on_the_terminal,
            the_folder_is_what_the_nearest_place_says,
            a_relative_folder_is_one_of_the_workspace,
            trouble_with_the_report_is_a_warning_and_no_more,
            chance_and_what_it_was_drawn_from,
            a_run_of_nothing_leaves_the_last_report,
            a_process_that_dies_is_in_the_report_of_the_next,
            #[cfg(unix)]
            a_run_that_is_stopped_says_so,
            processes_of_nextest_are_one_run_and_the_last_attempt_counts,
            github_gets_annotations_and_a_summary,
            programs_are_told_where_the_report_is,
            outputs_hide_what_reports_hide,
            junit_is_written_where_it_is_asked_for,
        ],
    );
}
