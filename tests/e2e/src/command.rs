//! One run of cargo, in the environment of a user rather than in that of our own tests.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{self, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Enough for a cold build on a slow machine; a run that hangs must not hang the suite.
const LIMIT: Duration = Duration::from_secs(900);

/// Set by cargo, nextest or a developer around our own tests, and not meant for a fixture.
const FOREIGN: [&str; 12] = [
    "CARGO_",
    "CHOREO_",
    "CLICOLOR",
    "GITHUB_",
    "NEXTEST",
    "NO_COLOR",
    "RUSTC_",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUST_",
    "LLVM_PROFILE_FILE",
    "MAKEFLAGS",
];

/// Part of where cargo and its registry are, in spite of their names.
const KEPT: [&str; 3] = ["CARGO_HOME", "CARGO_NET_", "CARGO_REGISTRIES_"];

pub(crate) struct Command<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) target: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

impl Command<'_> {
    pub(crate) fn run(self) -> Ran {
        let mut command = process::Command::new(cargo());
        command.args(self.arguments).current_dir(self.folder);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let starts = |prefix: &&str| text.starts_with(*prefix);
            if FOREIGN.iter().any(starts) && !KEPT.iter().any(starts) {
                command.env_remove(&name);
            }
        }
        command
            .env("CARGO_TARGET_DIR", self.target)
            .env("CARGO_TERM_COLOR", "never")
            .envs(self.variables.iter().copied());
        let title = format!("cargo {}", self.arguments.join(" "));
        run(command, title)
    }
}

/// The cargo that runs us, so that a toolchain chosen with `+name` stays chosen.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether `cargo nextest` can be run.
#[must_use]
pub(crate) fn has_nextest() -> bool {
    process::Command::new(cargo())
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn run(mut command: process::Command, title: String) -> Ran {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{title}` cannot be started: {error}"));
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let texts = stdout
        .recv_timeout(LIMIT)
        .and_then(|out| Ok((out, stderr.recv_timeout(LIMIT)?)));
    let Ok((stdout, stderr)) = texts else {
        let killed = child.kill();
        panic!("`{title}` did not end within {LIMIT:?}; killed: {killed:?}");
    };
    let status = child
        .wait()
        .unwrap_or_else(|error| panic!("`{title}` has no exit status: {error}"));
    Ran {
        title,
        status: status.code(),
        stdout,
        stderr,
    }
}

/// Reads to the end on a thread, as a pipe that nobody reads stops its writer.
fn reader(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read until an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        // The receiver is gone only if the time was up.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// What a run of cargo gave.
#[derive(Debug)]
pub struct Ran {
    title: String,
    /// The exit status; `None` if a signal ended the process.
    pub status: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The standard error.
    pub stderr: String,
}

impl Ran {
    /// Requires an exit status.
    ///
    /// # Panics
    ///
    /// If it is another one.
    #[track_caller]
    #[must_use]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    /// Requires a text in the output or the messages.
    ///
    /// # Panics
    ///
    /// If it is in neither.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "`{text}` is missing: {self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` with status {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.title, self.status, self.stdout, self.stderr
        )
    }
}
