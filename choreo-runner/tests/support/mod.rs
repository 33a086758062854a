//! A test binary that is both: the program under test, and the checks that start it.
//!
//! Scenarios are registered in the binary that runs them, and only a process of its own has an
//! exit status. So each of these tests starts itself again, as the fixture.

use std::process::{Command, Output};

use libtest_mimic::{Arguments, Trial};

/// Set for the process that plays the fixture.
const FIXTURE: &str = "CHOREO_RUNNER_FIXTURE";

/// The variables that would change what a fixture does.
const CLEARED: [&str; 19] = [
    "NEXTEST",
    "NEXTEST_RUN_ID",
    "NEXTEST_ATTEMPT",
    "CHOREO_REPORT_DIR",
    "CHOREO_REPORT_JUNIT",
    "CHOREO_RUN_ID",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "CHOREO_SLOW",
    "CHOREO_SKIP",
    "CHOREO_CONCURRENCY",
    "CHOREO_SEED",
    "CHOREO_SHOW_SECRETS",
    "RUST_TEST_THREADS",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "CI",
];

/// Plays the fixture, or runs the checks.
pub(crate) fn main(module: &str, checks: &[(&'static str, fn())]) {
    if std::env::var_os(FIXTURE).is_some() {
        choreo_runner::main(module);
    }
    let trials = checks
        .iter()
        .map(|(name, check)| {
            let check = *check;
            Trial::test(*name, move || {
                check();
                Ok(())
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

/// What a run of the fixture gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the fixture.
pub(crate) fn run(args: &[&str]) -> Ran {
    run_with(args, &[])
}

/// Runs the fixture with variables in its environment.
pub(crate) fn run_with(args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let output: Output = command(args, variables)
        .output()
        .expect("the fixture starts");
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("the output is text"),
        stderr: String::from_utf8(output.stderr).expect("the messages are text"),
    }
}

/// How the fixture is started.
pub(crate) fn command(args: &[&str], variables: &[(&str, &str)]) -> Command {
    let program = std::env::current_exe().expect("a test knows its own program");
    let mut command = Command::new(program);
    for name in CLEARED {
        command.env_remove(name);
    }
    command
        .args(args)
        .env(FIXTURE, "1")
        // What these fixtures do is nobody's report, unless a check asks for one.
        .env("CHOREO_REPORT", "off")
        .envs(variables.iter().copied());
    command
}

impl Ran {
    /// Fails unless the exit status is this.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    /// Fails unless the output has each of these lines.
    #[track_caller]
    pub(crate) fn has_lines(self, lines: &[&str]) -> Self {
        for line in lines {
            assert!(
                self.stdout.lines().any(|printed| printed == *line),
                "the line `{line}` is missing:\n{self}"
            );
        }
        self
    }

    /// Fails unless the output contains this text as often as stated.
    #[track_caller]
    pub(crate) fn says(self, times: usize, text: &str) -> Self {
        assert_eq!(
            self.stdout.matches(text).count(),
            times,
            "`{text}`:\n{self}"
        );
        self
    }

    /// Fails unless the messages contain this text as often as stated.
    #[track_caller]
    pub(crate) fn warns(self, times: usize, text: &str) -> Self {
        assert_eq!(
            self.stderr.matches(text).count(),
            times,
            "`{text}`:\n{self}"
        );
        self
    }

    /// The names in the lines of the tests, in the order of the output.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.stdout
            .lines()
            .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "))
            .map(|(name, _)| name)
            .collect()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "status {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.status, self.stdout, self.stderr
        )
    }
}
