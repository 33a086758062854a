//! What the published crates may depend on: arrows between our crates, and no broker client, C
//! compiler or second `syn` for a user who asked for no transport.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::{Findings, read};
use crate::cargo;

/// Not in the tree of `choreo-harness` without features.
const ABSENT: &[&str] = &[
    "async-nats",
    "rdkafka",
    "lapin",
    "redis",
    "cc",
    "cmake",
    "ring",
];

/// Every crate that a user without transport compiles counts.
pub(crate) const MAX_CRATES: usize = 90;

/// All that a small crate may have under `[dependencies]`.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "choreo-macros",
        &["proc-macro2", "quote", "regex-syntax", "syn"],
    ),
    (
        "choreo-report",
        &[
            "aho-corasick",
            "chrono",
            "data-encoding",
            "flate2",
            "jiff",
            "quick-junit",
            "regex",
            "secrecy",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "sha2",
            "thiserror",
        ],
    ),
    (
        "choreo-runner",
        &[
            "anstream",
            "choreo-report",
            "clap",
            "inventory",
            "libtest-mimic",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "toml",
            "tracing",
        ],
    ),
    ("xtask", &[]),
];

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let mut findings = check_tree(&bare_tree(root)?);
    findings.extend(check_fuzz_lock(
        &read(&root.join("Cargo.lock"))?,
        &read(&root.join(FUZZ_LOCK))?,
    ));
    for (package, allowed) in ALLOWED {
        let manifest = format!("{package}/Cargo.toml");
        let text = read(&root.join(&manifest))?;
        findings.extend(check_manifest(&manifest, &text, allowed));
    }
    Ok(findings)
}

/// The fuzz targets are a workspace of their own.
const FUZZ_LOCK: &str = "fuzz/Cargo.lock";

/// What the fuzz targets share with the workspace has the workspace's versions: laws and targets see one code.
fn check_fuzz_lock(workspace: &str, fuzz: &str) -> Findings {
    let ours = locked(workspace);
    let theirs = locked(fuzz);
    let other = theirs.difference(&ours);
    other
        .filter(|(name, _)| ours.iter().any(|(our, _)| our == name))
        .map(|(name, version)| {
            format!(
                "{FUZZ_LOCK}: {name} is {version}, and not so in Cargo.lock: `cargo update \
                 --manifest-path fuzz/Cargo.toml {name} --precise VERSION`"
            )
        })
        .collect()
}

/// The names and versions in a lock file.
fn locked(text: &str) -> BTreeSet<(&str, &str)> {
    text.split("[[package]]")
        .skip(1)
        .filter_map(|package| Some((quoted(package, "name = ")?, quoted(package, "version = ")?)))
        .collect()
}

/// What stands between quotation marks in the line that begins so.
fn quoted<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(begin))?;
    line.strip_prefix('"')?.strip_suffix('"')
}

/// The tree of the library without any feature, one `name vVersion …` per line.
fn bare_tree(root: &Path) -> Result<String, String> {
    let mut command = Command::new(cargo());
    command.current_dir(root).args([
        "tree",
        "--locked",
        "-p",
        "choreo-harness",
        "--no-default-features",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ]);
    let output = command
        .output()
        .map_err(|error| format!("cannot run `cargo tree`: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "`cargo tree` failed: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The names and versions in the list that `cargo tree` gives without indentation.
pub(crate) fn crates(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?.trim_start_matches('v')))
        })
        .collect()
}

fn check_tree(tree: &str) -> Findings {
    let crates = crates(tree);
    let mut findings = Findings::new();
    for (name, version) in &crates {
        if ABSENT.contains(name) || (*name == "syn" && !version.starts_with("3.")) {
            findings.push(format!(
                "choreo/Cargo.toml: `{name}` {version} is in the tree of a user without transports; \
                 see who brings it in: cargo tree -p choreo-harness -e normal,build -i {name}@{version}"
            ));
        }
    }
    // The library itself is in the list.
    let count = crates.len().saturating_sub(1);
    if !(1..MAX_CRATES).contains(&count) {
        findings.push(format!(
            "choreo/Cargo.toml: {count} crates for a user without transports; below {MAX_CRATES} is promised"
        ));
    }
    findings
}

fn check_manifest(name: &str, text: &str, allowed: &[&str]) -> Findings {
    let mut section = "";
    let mut findings = Findings::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_end_matches(']');
        } else if section == "dependencies" && !line.starts_with('#') {
            let dependency = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !dependency.is_empty() && !allowed.contains(&dependency) {
                findings.push(format!(
                    "{name}:{number}: `{dependency}` is not among the dependencies that this crate \
                     may have (xtask/src/tidy/dependencies.rs); a new one is a decision of its own"
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_compilers_and_a_second_syn_are_found() {
        let good = "choreo-harness v0.1.0 (/x)\nbytes v1.12.0\nsyn v3.0.1 (*)\n";
        assert_eq!(check_tree(good), Findings::new());
        for bad in ["cc v1.2.0", "async-nats v0.51.0", "syn v2.0.119"] {
            assert_eq!(check_tree(&format!("{good}{bad}\n")).len(), 1, "{bad}");
        }
        let many: String = (0..=MAX_CRATES)
            .map(|n| format!("crate{n} v1.0.0\n"))
            .collect();
        assert_eq!(check_tree(&many).len(), 1);
        assert_eq!(check_tree("").len(), 1, "an empty tree proves nothing");
    }

    #[test]
    fn a_version_of_the_fuzz_targets_alone_is_found() {
        let package = |name: &str, version: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
        };
        let workspace = package("a", "1.0.0") + &package("a", "2.0.0") + &package("b", "1.0.0");
        let same = package("a", "2.0.0") + &package("theirs", "3.0.0");
        assert_eq!(check_fuzz_lock(&workspace, &same), Findings::new());
        let found = check_fuzz_lock(&workspace, &(same + &package("b", "1.0.1")));
        assert!(
            matches!(&found[..], [one] if one.contains("b is 1.0.1")),
            "{found:?}"
        );
    }

    #[test]
    fn a_dependency_beyond_the_list_is_found() {
        let manifest =
            "[dependencies]\nserde.workspace = true\n[dev-dependencies]\ninsta = \"1\"\n";
        assert_eq!(check_manifest("m", manifest, &["serde"]), Findings::new());
        assert_eq!(check_manifest("m", manifest, &[]).len(), 1);
    }
}
