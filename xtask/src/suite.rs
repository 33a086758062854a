//! `cargo xtask test`: everything that has to be green, in the order in which failures come cheapest.

use crate::step::{Step, Summary};
use crate::{Done, demo, outside, tidy, tools};

/// Whether the suite runs a second time under nextest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nextest {
    /// Yes, and nextest is installed when it is missing.
    Run,
    /// No, and the summary says so.
    LeaveOut,
}

/// A scenario that is skipped, as when its broker is missing, fails the suite.
const DENY_SKIPS: (&str, &str) = ("CHOREO_SKIP", "deny");

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
    for step in steps(nextest) {
        summary.time(step.name(), || step.run())?;
    }
    match nextest {
        Nextest::Run => {
            let step = nextest_step();
            summary.time(step.name(), || step.run())?;
        }
        Nextest::LeaveOut => summary.left_out("nextest", "asked for with --no-nextest"),
    }
    summary.time("outside", outside::run)?;
    summary.time("demo", demo::run)
}

fn steps(nextest: Nextest) -> Vec<Step> {
    let (skip, deny) = DENY_SKIPS;
    // Some tests of the workspace start nextest themselves; they have it in their names.
    let tests = match nextest {
        Nextest::Run => "test --workspace --all-features",
        Nextest::LeaveOut => "test --workspace --all-features -- --skip nextest",
    };
    vec![
        Step::cargo(
            "lock file",
            "metadata --locked --format-version 1 --no-deps --quiet",
        ),
        Step::cargo("format", "fmt --all --check"),
        Step::cargo(
            "clippy",
            "clippy --workspace --all-targets --all-features -- -D warnings",
        ),
        // Without any transport, as most users of a published crate first meet it.
        Step::cargo(
            "bare",
            "clippy --package choreo-harness --no-default-features -- -D warnings",
        ),
        Step::cargo("docs", "doc --workspace --all-features --no-deps")
            .env("RUSTDOCFLAGS", "-D warnings"),
        Step::cargo("tests", tests)
            .env(skip, deny)
            .path(tools::folders()),
    ]
}

fn nextest_step() -> Step {
    let (skip, deny) = DENY_SKIPS;
    Step::cargo("nextest", "nextest run --workspace --all-features")
        .env(skip, deny)
        .path(tools::folders())
}
