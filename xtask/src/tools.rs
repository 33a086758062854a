//! What the suite needs besides a Rust toolchain: looked for, and installed where that is possible.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::suite::Nextest;
use crate::{Done, cargo, target_dir};

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
    nats_server()?;
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

fn nats_server() -> Done {
    if find("nats-server").is_some() {
        return Ok(());
    }
    let advice = "\
nats-server is missing. The scenarios over NATS start a private one; install it and run this again:

    Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y nats-server
    macOS            brew install nats-server
    otherwise        a release from https://github.com/nats-io/nats-server/releases, put on PATH
";
    let debian = find("apt-get").is_some();
    if !(debian && succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]))) {
        return Err(advice.to_owned());
    }
    println!("nats-server is missing: installing the Debian package");
    for arguments in [
        "update -q",
        "install -q -y --no-install-recommends nats-server",
    ] {
        let mut command = Command::new("apt-get");
        command
            .args(arguments.split(' '))
            .env("DEBIAN_FRONTEND", "noninteractive");
        if !passes(&mut command) {
            return Err(format!(
                "`apt-get {arguments}` failed, see above.\n{advice}"
            ));
        }
    }
    find("nats-server")
        .map(|_| ())
        .ok_or_else(|| advice.to_owned())
}

fn cargo_nextest() -> Done {
    let mut version = Command::new(cargo());
    version.args(["nextest", "--version"]);
    if let Some(path) = path_with_tools() {
        version.env("PATH", path);
    }
    if succeeds(&mut version) {
        return Ok(());
    }
    println!(
        "cargo-nextest is missing: building it once into {} (minutes; `--no-nextest` leaves it out)",
        tools_dir().display()
    );
    let mut install = Command::new(cargo());
    install.args([
        "install",
        "cargo-nextest",
        "--locked",
        "--version",
        NEXTEST_VERSION,
        "--root",
    ]);
    install.arg(tools_dir());
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

/// `PATH` with the tools that this module installed, if there are any, at its end: the user's win.
pub(crate) fn path_with_tools() -> Option<String> {
    let tools = tools_dir().join("bin");
    if tools.is_dir() {
        path_with(&tools)
    } else {
        None
    }
}

fn path_with(folder: &Path) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([folder.to_path_buf()]);
    std::env::join_paths(folders).ok()?.into_string().ok()
}

/// Looks on `PATH`, and where Debian puts servers, which is not on every user's `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
    std::env::split_paths(&path)
        .chain(servers)
        .map(|folder| folder.join(program))
        .find(is_file)
}

#[expect(clippy::ptr_arg, reason = "the shape that `Iterator::find` asks for")]
fn is_file(path: &PathBuf) -> bool {
    Path::is_file(path)
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
    fn our_tools_come_last_on_the_path() {
        let path = path_with_tools().expect("PATH is text");
        assert!(
            path.ends_with(&*tools_dir().join("bin").to_string_lossy()),
            "{path}"
        );
    }
}
