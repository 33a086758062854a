//! Which processes belong together: those of one `cargo test` or one `cargo nextest run`.
//!
//! Nextest tells. Cargo does not, so its own process is looked for among our ancestors; its number and the time
//! of its beginning name the run. Where ancestors cannot be seen, a process joins the run that the process before
//! it left, if that has the same parent and ended a short while ago.

use std::fs;
use std::path::Path;
use std::time::Duration;

use choreo_report::folder::Folder;
use choreo_report::model::Timestamp;
use choreo_report::partial::RunId;

use super::Environment;

/// From the test program upwards: `cargo`, and at most some wrappers in between.
const ANCESTORS: usize = 8;

/// A process that ends and one that begins this much later are of one run, where nobody can tell.
const GAP: Duration = Duration::from_secs(20);

/// The run of this process, and what started it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) id: RunId,
    /// The command that ran the tests, where it is known.
    pub(super) command: Option<Vec<String>>,
}

/// Finds the run of this process, of which `folder` has the partials.
pub(super) fn origin(folder: &Folder, environment: Environment<'_>, now: Timestamp) -> Origin {
    let proc = Path::new("/proc");
    let own = std::process::id();
    let cargo = cargo_above(proc, own);
    let id = if let Some(id) = environment("CHOREO_RUN_ID").filter(|id| !id.is_empty()) {
        RunId::new(&id)
    } else if let Some(id) = environment("NEXTEST_RUN_ID") {
        RunId::new(&format!("nextest-{id}"))
    } else if let Some(cargo) = &cargo {
        RunId::new(&format!("cargo-{}-{}", cargo.pid, cargo.began))
    } else if stat(proc, own).is_some() {
        // Called by hand.
        RunId::new(&format!("process-{own}-{:x}", now.as_micros()))
    } else {
        let family = format!("parent-{}-", parent());
        RunId::recent(folder, &family, GAP)
            .unwrap_or_else(|| RunId::new(&format!("{family}{:x}", now.as_micros())))
    };
    Origin {
        id,
        command: cargo.map(|cargo| cargo.command),
    }
}

/// What the processes of one run have in common and no other run has, where that can be seen. Names that people
/// give are not it: tomorrow's run may have the same.
pub(crate) fn common_origin(environment: Environment<'_>) -> Option<String> {
    if let Some(id) = environment("NEXTEST_RUN_ID").filter(|id| !id.is_empty()) {
        return Some(format!("nextest-{id}"));
    }
    let cargo = cargo_above(Path::new("/proc"), std::process::id())?;
    Some(format!("cargo-{}-{}", cargo.pid, cargo.began))
}

/// The number of the parent process, or 0 where the system keeps it to itself.
fn parent() -> u32 {
    #[cfg(unix)]
    return std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    return 0;
}

/// A process of cargo.
#[derive(Debug, PartialEq, Eq)]
struct Cargo {
    pid: u32,
    /// In the clock of the system's boot.
    began: u64,
    command: Vec<String>,
}

/// The nearest ancestor that is cargo, or nextest called as `cargo-nextest`.
fn cargo_above(proc: &Path, pid: u32) -> Option<Cargo> {
    let mut pid = pid;
    for _ in 0..ANCESTORS {
        pid = stat(proc, pid)?.parent;
        let Stat { began, .. } = stat(proc, pid)?;
        let command = fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
        let command: Vec<String> = command
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let program = command.first().map(Path::new).and_then(Path::file_stem);
        if program.is_some_and(|name| name == "cargo" || name == "cargo-nextest") {
            let words = command
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect();
            return Some(Cargo {
                pid,
                began,
                command: words,
            });
        }
    }
    None
}

struct Stat {
    parent: u32,
    began: u64,
}

/// Reads `/proc/<pid>/stat`; `None` where there is none.
fn stat(proc: &Path, pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    // The name, in brackets, may contain anything.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        began: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a temporary folder can be made"))
        }

        fn process(self, pid: u32, parent: u32, began: u64, command: &[&str]) -> Self {
            let folder = self.0.path().join(pid.to_string());
            fs::create_dir(&folder).expect("it is ours");
            let zeros = "0 ".repeat(17);
            let stat = format!("{pid} (a (strange) name) S {parent} {zeros}{began} 0 0");
            fs::write(folder.join("stat"), stat).expect("it is ours");
            let command: String = command.iter().map(|word| format!("{word}\0")).collect();
            fs::write(folder.join("cmdline"), command).expect("it is ours");
            self
        }

        fn cargo_above(&self, pid: u32) -> Option<(u32, u64, Vec<String>)> {
            cargo_above(self.0.path(), pid).map(|cargo| (cargo.pid, cargo.began, cargo.command))
        }
    }

    #[test]
    fn cargo_is_the_nearest_ancestor_of_that_name() {
        let machine = Machine::new()
            .process(10, 1, 100, &["bash"])
            .process(11, 10, 200, &["/usr/bin/cargo", "xtask", "test"])
            .process(12, 11, 300, &["target/debug/xtask", "test"])
            .process(13, 12, 400, &["cargo", "test", "-p", "orders"])
            .process(14, 13, 500, &["sudo", "-E", "orders"])
            .process(15, 14, 600, &["orders"])
            .process(16, 10, 700, &["orders"]);
        let words = ["cargo", "test", "-p", "orders"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(machine.cargo_above(15), Some((13, 400, words)));
        // From a shell there is none.
        assert_eq!(machine.cargo_above(16), None);
    }

    #[test]
    fn what_the_environment_says_comes_first() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = Folder::create(&scratch.path().join("report")).expect("it is missing");
        let id = |variables: &[(&str, &str)]| {
            let environment = |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            origin(&folder, &environment, Timestamp::UNIX_EPOCH).id
        };
        let nextest = ("NEXTEST_RUN_ID", "4f2a");
        assert_eq!(id(&[nextest]), RunId::new("nextest-4f2a"));
        assert_eq!(
            id(&[nextest, ("CHOREO_RUN_ID", "night")]),
            RunId::new("night")
        );
        // These tests are run by cargo themselves, or by hand: never a run of nobody.
        assert_eq!(id(&[]), id(&[("CHOREO_RUN_ID", "")]));
    }
}
