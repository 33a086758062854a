//! What a maintainer of Choreo does: `cargo xtask <command>`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool prints"
)]

use std::path::PathBuf;
use std::process::ExitCode;

mod demo;
mod features;
mod log;
mod outside;
mod step;
mod suite;
mod tidy;
mod tools;

const USAGE: &str = "\
usage: cargo xtask <command>

  test            install what the suite needs, then run all of it, as CI does
    --no-nextest  leave out the second run under nextest (said in the summary)
  setup           only install what the suite needs
  features        check the library with each of its features alone
  demo            run the commands whose output READMEs show, and compare it
  outside         build and run a project that has Choreo as its only dependency, without a C compiler
  tidy            check the rules of the code base: layers, file lengths, dependencies, compose file,
                  the tests that docs/parity.md names
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["test"] => suite::run(suite::Nextest::Run),
        ["test", "--no-nextest"] => suite::run(suite::Nextest::LeaveOut),
        ["setup"] => tools::install_all(),
        ["features"] => features::run(),
        ["demo"] => demo::run(),
        ["outside"] => outside::run(),
        ["tidy"] => tidy::run(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!(
            "unknown arguments: {}\n\n{USAGE}",
            arguments.join(" ")
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// What went wrong, as the text to show.
type Done = Result<(), String>;

/// The workspace's root folder. Where cargo runs us, not where we were built: clones may share a target folder.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package
        .parent()
        .expect("xtask is a folder of the workspace")
        .to_path_buf()
}

/// The cargo that runs us, so that a toolchain chosen with `+name` stays chosen.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo builds.
fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}
