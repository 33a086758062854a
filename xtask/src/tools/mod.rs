//! What the suite needs besides a Rust toolchain: looked for, and installed where that is possible.

use std::path::PathBuf;
use std::process::Command;

use crate::suite::Nextest;
use crate::{Done, cargo, target_dir};

mod kafka;
mod packages;

pub(crate) use kafka::{VARIABLE as KAFKA_BROKER, program as kafka_broker};

/// A version that is known to work with the toolchains that the workspace supports.
const NEXTEST_VERSION: &str = "0.9.143";

/// `cargo xtask setup`.
pub(crate) fn install_all() -> Done {
    install(Nextest::Run)?;
    println!("everything that the suite needs is there");
    Ok(())
}

/// Makes sure that everything is there.
pub(crate) fn install(nextest: Nextest) -> Done {
    component("rustfmt", "fmt")?;
    component("clippy", "clippy")?;
    packages::install()?;
    kafka::install()?;
    if nextest == Nextest::Run {
        cargo_nextest()
    } else {
        Ok(())
    }
}

fn component(name: &str, subcommand: &str) -> Done {
    if succeeds(Command::new(cargo()).args([subcommand, "--version"])) {
        return Ok(());
    }
    println!("{name} is missing: rustup component add {name}");
    if succeeds(Command::new("rustup").args(["component", "add", name])) {
        return Ok(());
    }
    Err(format!(
        "{name} is missing; install it with: rustup component add {name}"
    ))
}

fn cargo_nextest() -> Done {
    if find("cargo-nextest").is_some() {
        return Ok(());
    }
    println!(
        "cargo-nextest is missing: building it once into {} (minutes; `--no-nextest` leaves it out)",
        tools_dir().display()
    );
    let mut install = Command::new(cargo());
    // Unoptimised: it builds three times as fast, and the tests take the time, not nextest.
    install.args(["install", "cargo-nextest", "--locked", "--debug"]);
    install.args(["--version", NEXTEST_VERSION, "--root"]);
    install.arg(tools_dir()).env("CARGO_PROFILE_DEV_DEBUG", "0");
    if passes(&mut install) {
        return Ok(());
    }
    Err(format!(
        "cargo-nextest {NEXTEST_VERSION} could not be built, see above. Install it as \
         https://nexte.st/docs/installation describes, or leave it out: cargo xtask test --no-nextest"
    ))
}

/// Where this module installs: beside the build products, so that nothing of the user's changes.
fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

/// Folders that hold tools of the suite and are not on `PATH`: those that this module installed, and
/// where Debian puts servers, which is not on every user's `PATH`.
pub(crate) fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known: Vec<PathBuf> = std::env::split_paths(&path).collect();
    [
        tools_dir().join("bin"),
        PathBuf::from("/usr/sbin"),
        PathBuf::from("/usr/local/sbin"),
    ]
    .into_iter()
    .filter(|folder| folder.is_dir() && !known.contains(folder))
    .collect()
}

/// Looks on `PATH` and in [`folders`].
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path)
        .chain(folders())
        .map(|folder| folder.join(program));
    files.find(|file| file.is_file())
}

/// Whether a command ends well; what it prints is of no interest.
fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Whether a command ends well; what it prints is shown.
fn passes(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_found_and_nonsense_is_not() {
        assert!(find("sh").is_some());
        assert_eq!(find("choreo-no-such-program"), None);
    }

    #[test]
    fn folders_that_are_on_the_path_are_not_added_to_it() {
        let path = std::env::var_os("PATH").expect("cargo sets PATH");
        assert!(std::env::split_paths(&path).all(|folder| !folders().contains(&folder)));
    }
}
