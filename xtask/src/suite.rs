//! `cargo xtask test`: everything that has to be green, in the order in which failures come cheapest.

use std::path::PathBuf;

use crate::log::Log;
use crate::step::{Step, Summary};
use crate::{Done, demo, features, outside, target_dir, tidy, tools};

/// Whether the suite runs a second time under nextest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nextest {
    /// Yes, and nextest is installed when it is missing.
    Run,
    /// No, and the summary says so.
    LeaveOut,
}

/// Runs the suite up to the first failure.
pub(crate) fn run(nextest: Nextest) -> Done {
    let mut summary = Summary::default();
    let done = parts(nextest, &mut summary);
    summary.print();
    done.inspect(|()| println!("\neverything passed"))
}

fn parts(nextest: Nextest, summary: &mut Summary) -> Done {
    summary.time("tools", || tools::install(nextest))?;
    summary.time("tidy", tidy::run)?;
    for step in checks()? {
        summary.time(step.name(), || step.run())?;
    }
    let log = Log::create(target_dir().join("suite/output.log"))?;
    let report = Report::new()?;
    let tests = report.of(tests(nextest));
    summary.time(tests.name(), || tests.run_logged(&log))?;
    summary.time("report", || report.validate().run())?;
    let mut searched = Vec::new();
    match nextest {
        Nextest::Run => {
            let (step, output) = nextest_step()?;
            // That of the tests before is no proof of this one.
            let report = Report::new()?;
            let step = report.of(step);
            summary.time(step.name(), || step.run_logged(&log))?;
            summary.time("report of nextest", || report.validate().run())?;
            searched.push(output);
        }
        Nextest::LeaveOut => summary.left_out("nextest", "asked for with --no-nextest"),
    }
    summary.time("no credentials", || log.search(&searched))?;
    summary.time("outside", outside::run)?;
    summary.time("demo", demo::run)
}

fn checks() -> Result<Vec<Step>, String> {
    let mut steps = vec![
        Step::cargo(
            "lock file",
            "metadata --locked --format-version 1 --no-deps --quiet",
        ),
        // The fuzz targets are no part of the workspace. The laws that they check are tests of it; what is left is
        // their lock file. `cargo tree` is the cheapest command that asks.
        Step::cargo(
            "fuzz lock file",
            "tree --locked --quiet --depth 0 --manifest-path fuzz/Cargo.toml",
        ),
        Step::cargo("format", "fmt --all --check"),
        // All features at once; each alone follows.
        Step::cargo(
            "clippy",
            "clippy --workspace --all-targets --all-features -- -D warnings",
        ),
        // Without any transport, as most users of a published crate first meet it.
        Step::cargo(
            "bare",
            "clippy --package choreo-harness --no-default-features -- -D warnings",
        ),
    ];
    steps.extend(features::steps()?);
    steps.push(
        Step::cargo("docs", "doc --workspace --all-features --no-deps")
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    Ok(steps)
}

fn tests(nextest: Nextest) -> Step {
    // Some tests of the workspace start nextest themselves; they have it in their names.
    let arguments = match nextest {
        Nextest::Run => "test --workspace --all-features",
        Nextest::LeaveOut => "test --workspace --all-features -- --skip nextest",
    };
    with_brokers(Step::cargo("tests", arguments))
}

/// What is the same under nextest, one test a process, as under `cargo test`, because it has no scenarios that the
/// runner runs: minutes of browsers, compilers and of brokers that each process starts for itself.
const NOT_TWICE: &str = "not (\
    package(choreo-test-contract) or package(choreo-test-features) or package(choreo-test-laws) or \
    package(choreo-test-page) or package(choreo-ui-tests) or binary(~_transport) or binary(jetstream))";

/// The run under nextest, and where it leaves the output of all tests, also of those that pass.
fn nextest_step() -> Result<(Step, PathBuf), String> {
    let folder = target_dir().join("suite");
    let report = folder.join("nextest.xml");
    let settings = folder.join("nextest.toml");
    let text = format!(
        "[profile.suite]\ndefault-filter = {NOT_TWICE:?}\n\n\
         [profile.suite.junit]\npath = {report:?}\nstore-success-output = true\n"
    );
    // An old report would be searched in the place of the new one.
    let gone = match std::fs::remove_file(&report) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    gone.and_then(|()| std::fs::write(&settings, text))
        .map_err(|error| format!("cannot write into {}: {error}", folder.display()))?;
    let step = Step::cargo(
        "nextest",
        "nextest run --workspace --all-features --profile suite --tool-config-file",
    );
    let step = step.arg(format!("xtask:{}", settings.display()));
    Ok((with_brokers(step), report))
}

/// The report that the scenarios of a run leave, from nothing.
struct Report(PathBuf);

impl Report {
    fn new() -> Result<Self, String> {
        let folder = target_dir().join("suite/report");
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!(
                "cannot remove the old report {}: {error}",
                folder.display()
            )),
            _ => Ok(Self(folder)),
        }
    }

    /// Where this run's report is to be.
    fn of(&self, step: Step) -> Step {
        step.env("CHOREO_REPORT_DIR", self.0.display().to_string())
    }

    /// With the workspace's features, so that nothing is built for it.
    fn validate(&self) -> Step {
        let step = Step::cargo(
            "report",
            "test --workspace --all-features --test suite --quiet -- --ignored",
        );
        self.of(step)
    }
}

/// Gives the tests the brokers that they need. A scenario that is skipped, as when its broker is missing,
/// fails the suite.
fn with_brokers(step: Step) -> Step {
    step.env("CHOREO_SKIP", "deny")
        .env(
            tools::KAFKA_BROKER,
            tools::kafka_broker().display().to_string(),
        )
        .path(tools::folders())
}
