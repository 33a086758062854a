//! A named, timed command of the suite.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::{Done, cargo, root};

/// A command to run from the workspace's root.
pub(crate) struct Step {
    name: String,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// Folders for the end of `PATH`.
    path: Vec<PathBuf>,
}

impl Step {
    /// `cargo <arguments>`, written as in a shell: split at spaces.
    pub(crate) fn cargo(name: impl Into<String>, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self {
            name: name.into(),
            arguments,
            environment: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Adds an argument as it is, spaces included.
    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable for this command.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Adds folders at the end of `PATH`, so that what the user has there wins.
    pub(crate) fn path(mut self, folders: Vec<PathBuf>) -> Self {
        self.path = folders;
        self
    }

    /// The command to hand to the standard library.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(cargo());
        command.args(&self.arguments).current_dir(root());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if !self.path.is_empty() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::env::split_paths(&path).chain(self.path.iter().cloned());
            // A folder with a separator in its name cannot be on a path: then it is not.
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
        command
    }

    /// The same command for a person to repeat.
    pub(crate) fn shell(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        for (name, value) in &self.environment {
            words.push(format!("{name}={}", quoted(value)));
        }
        if !self.path.is_empty() {
            let folders: String = self
                .path
                .iter()
                .map(|f| format!(":{}", f.display()))
                .collect();
            words.push(format!("PATH=\"$PATH{folders}\""));
        }
        words.push("cargo".to_owned());
        words.extend(self.arguments.iter().map(|argument| quoted(argument)));
        words.join(" ")
    }

    /// Runs it, its output passed through.
    pub(crate) fn run(&self) -> Done {
        self.run_with(Command::status)
    }

    /// Runs it, its output passed through and kept in a log.
    pub(crate) fn run_logged(&self, log: &Log) -> Done {
        self.run_with(|command| log.record(command))
    }

    fn run_with(&self, run: impl FnOnce(&mut Command) -> io::Result<ExitStatus>) -> Done {
        println!("\n── {} ── {}", self.name, self.shell());
        let status = run(&mut self.command())
            .map_err(|error| format!("cannot run `{}`: {error}", self.shell()))?;
        if status.success() {
            return Ok(());
        }
        Err(format!(
            "{} failed ({status}). Repeat it with:\n\n    {}\n",
            self.name,
            self.shell()
        ))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

/// How long each part of the suite took, and what was left out.
#[derive(Default)]
pub(crate) struct Summary {
    rows: Vec<(String, String)>,
    total: Duration,
}

impl Summary {
    /// Runs a part and notes its time.
    pub(crate) fn time(&mut self, name: &str, part: impl FnOnce() -> Done) -> Done {
        let started = Instant::now();
        let done = part();
        let took = started.elapsed();
        self.total += took;
        let verdict = if done.is_ok() { "ok" } else { "FAILED" };
        self.rows.push((
            name.to_owned(),
            format!("{:>7.1} s  {verdict}", took.as_secs_f64()),
        ));
        done
    }

    /// Notes that a part was left out.
    pub(crate) fn left_out(&mut self, name: &str, why: &str) {
        self.rows
            .push((name.to_owned(), format!("        –  LEFT OUT: {why}")));
    }

    /// Shows all of it.
    pub(crate) fn print(&self) {
        println!("\n── summary ──");
        for (name, row) in &self.rows {
            println!("{name:<20} {row}");
        }
        println!("{:<20} {:>7.1} s", "total", self.total.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_says_how_to_repeat_it() {
        let step = Step::cargo("docs", "doc --no-deps").env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            step.shell(),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps"
        );
        let step = Step::cargo("tests", "test").path(vec![PathBuf::from("/choreo/tools")]);
        assert_eq!(step.shell(), "PATH=\"$PATH:/choreo/tools\" cargo test");
        let failing = Step::cargo("nothing", "no-such-subcommand-of-cargo");
        let message = failing.run().expect_err("cargo has no such command");
        assert!(
            message.contains("cargo no-such-subcommand-of-cargo"),
            "{message}"
        );
    }

    #[test]
    fn the_summary_keeps_a_failure() {
        let mut summary = Summary::default();
        assert!(summary.time("first", || Err("broken".to_owned())).is_err());
        assert!(summary.rows[0].1.ends_with("FAILED"), "{:?}", summary.rows);
    }
}
