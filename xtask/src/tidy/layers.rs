//! The order of the library's modules: each may use those before it in the table, never one after.

use std::collections::BTreeMap;
use std::path::Path;

use super::source::{Reference, code, references, words};
use super::{Findings, read, rust_files, shown};

/// The modules of `choreo`, bottom to top. A file belongs to the longest entry that it is in.
/// ARCHITECTURE.md says what each does; a new module goes into both.
const MODULES: &[&str] = &[
    // 0
    "ids",
    "text",
    // 1
    "value",
    "envelope",
    "message",
    "safety",
    "secret",
    "report",
    // 2
    "matcher",
    "matcher::path",
    "matcher::bounded",
    "matcher::diff",
    "matcher::pattern",
    "matcher::functions",
    "matcher::typed",
    "matcher::envelope",
    "matcher::snapshot",
    "codec",
    "correlation",
    "timeline",
    // 3
    "transport",
    "transport::absent",
    "transport::erased",
    "transport::tls",
    "transport::memory",
    "transport::nats",
    "transport::redis",
    "transport::rabbitmq",
    "transport::kafka",
    "broker",
    "error",
    // 4
    "dispatch",
    "outcome",
    "expectation",
    "reply",
    // 5
    "act",
    // 6
    "failure",
    "record",
    "harness",
    "stage::bridge",
    "stage",
    "scenario",
    "transport::contract",
    // 7
    "fixture",
    "arguments",
    "own_main",
    "private",
    "macros",
    "prelude",
];

/// Modules that stay usable, testable and fast without a runtime.
const WITHOUT_TOKIO: &[&str] = &[
    "text",
    "error",
    "envelope",
    "message",
    "codec",
    "safety",
    "matcher",
    "expectation",
    "failure",
];

/// Each broker client is named in its own transport module only.
const CLIENTS: &[(&str, &str)] = &[
    ("async_nats", "transport::nats"),
    ("rdkafka", "transport::kafka"),
    ("lapin", "transport::rabbitmq"),
    ("redis", "transport::redis"),
];

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let source = root.join("choreo/src");
    let mut reexports = reexports(&code(&read(&source.join("lib.rs"))?));
    reexports.extend(exported_macros(&read(&source.join("macros.rs"))?));
    let map = read(&root.join("ARCHITECTURE.md"))?;
    let mut findings = Findings::new();
    for module in MODULES {
        if !map.contains(&format!("`{module}`")) {
            findings.push(format!(
                "ARCHITECTURE.md:1: does not describe the module `{module}`"
            ));
        }
        let file = source.join(module.replace("::", "/"));
        if !file.is_dir() && !file.with_extension("rs").is_file() {
            findings.push(format!(
                "xtask/src/tidy/layers.rs:1: there is no module `{module}` any more; take it out of the table"
            ));
        }
    }
    for path in rust_files(&source)? {
        let file = shown(&source, &path);
        if file == "lib.rs" || file.ends_with("tests.rs") || file.contains("tests/") {
            continue;
        }
        let name = shown(root, &path);
        let module = module_of(&file);
        let code = code(&read(&path)?);
        findings.extend(
            check_module(&module, &code, &reexports)
                .into_iter()
                .map(|f| format!("{name}:{f}")),
        );
    }
    Ok(findings)
}

/// `transport/nats/mod.rs` is `transport::nats`.
fn module_of(file: &str) -> Vec<String> {
    let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
    file.split('/').map(str::to_owned).collect()
}

/// Names that the crate's root takes from its modules or from other crates, with the path of each.
fn reexports(root: &str) -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::new();
    for statement in root.split(';') {
        let Some((_, path)) = statement.rsplit_once("pub use ") else {
            continue;
        };
        let path = path.trim().trim_start_matches("crate::");
        for found in references(&format!("crate::{path}")) {
            if let Some(name) = found.segments.last() {
                names.insert(name.clone(), found.segments.clone());
            }
        }
    }
    names
}

/// Macros live at the crate's root, wherever they are written.
fn exported_macros(macros: &str) -> Vec<(String, Vec<String>)> {
    let code = code(macros);
    let mut names = words(&code).map(|(_, word)| word).peekable();
    let mut found = Vec::new();
    while let Some(word) = names.next() {
        if word == "macro_rules"
            && let Some(name) = names.peek()
        {
            found.push(((*name).to_owned(), vec!["macros".to_owned()]));
        }
    }
    found
}

fn check_module(
    module: &[String],
    code: &str,
    reexports: &BTreeMap<String, Vec<String>>,
) -> Findings {
    let Some((row, home)) = entry(module) else {
        let module = module.join("::");
        return vec![format!(
            "1: `{module}` is not in the table of layers (xtask/src/tidy/layers.rs); put it where it belongs"
        )];
    };
    let mut findings = Findings::new();
    for reference in references(code) {
        let line = reference.line;
        let (target_row, target) = match target(module, &reference, reexports) {
            Target::Module(row, name) => (row, name),
            Target::Foreign => continue,
            Target::Unknown => {
                findings.push(format!(
                    "{line}: `crate::{}` is of no known module; name the module that defines it",
                    reference.segments.join("::")
                ));
                continue;
            }
        };
        let related = is_inside(home, target) || is_inside(target, home);
        if !related && target_row > row {
            findings.push(format!(
                "{line}: `{home}` uses `{target}`, which is above it; pass what is needed down, or move it"
            ));
        }
    }
    for (at, word) in words(code) {
        let line = || code[..at].matches('\n').count() + 1;
        if word == "tokio" && WITHOUT_TOKIO.iter().any(|module| is_inside(home, module)) {
            findings.push(format!("{}: `{home}` must not know tokio", line()));
        }
        for (client, only) in CLIENTS {
            // A module of ours may have a client's name: then it is no path's first part.
            let is_crate = code[at + word.len()..].starts_with("::") && !code[..at].ends_with("::");
            if word == *client && is_crate && !is_inside(home, only) {
                findings.push(format!("{}: `{client}` belongs into `{only}` only", line()));
            }
        }
    }
    findings
}

/// Where a path leads.
enum Target {
    /// To a module, with its row.
    Module(usize, &'static str),
    /// Into another crate.
    Foreign,
    Unknown,
}

fn target(
    module: &[String],
    reference: &Reference,
    reexports: &BTreeMap<String, Vec<String>>,
) -> Target {
    let mut path: Vec<String> = Vec::new();
    if reference.parents > 0 {
        let kept = module.len().saturating_sub(reference.parents);
        path.extend_from_slice(&module[..kept]);
    }
    path.extend_from_slice(&reference.segments);
    if let Some((row, name)) = entry(&path) {
        return Target::Module(row, name);
    }
    match path.first().and_then(|name| reexports.get(name)) {
        Some(origin) => {
            entry(origin).map_or(Target::Foreign, |(row, name)| Target::Module(row, name))
        }
        None => Target::Unknown,
    }
}

/// The longest entry of the table that a path is in.
fn entry(path: &[String]) -> Option<(usize, &'static str)> {
    (1..=path.len()).rev().find_map(|length| {
        let name = path[..length].join("::");
        MODULES
            .iter()
            .position(|module| *module == name)
            .map(|row| (row, MODULES[row]))
    })
}

fn is_inside(module: &str, parent: &str) -> bool {
    module == parent
        || module
            .strip_prefix(parent)
            .is_some_and(|rest| rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(module: &str, text: &str) -> Findings {
        let reexports = reexports(
            "pub use matcher::{Matcher, Verdict}; pub use error::Error; pub use serde_json::{self, json};",
        );
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        check_module(&module, &code(text), &reexports)
    }

    #[test]
    fn arrows_point_down() {
        let none = Findings::new();
        assert_eq!(
            check("transport::memory", "use crate::envelope::Envelope;"),
            none
        );
        assert_eq!(check("transport::memory", "use super::Transport;"), none);
        assert_eq!(
            check("transport", "pub use crate::transport::memory::Memory;"),
            none
        );
        assert_eq!(check("transport", "use crate::{Matcher, json};"), none);
        assert_eq!(
            check("matcher", "use crate::transport::Transport;").len(),
            1
        );
        assert_eq!(
            check("transport::memory", "use super::nats::Nats;").len(),
            1
        );
        assert_eq!(
            check("text", "fn f() -> crate::Verdict { Ok(()) }").len(),
            1
        );
    }

    #[test]
    fn what_the_table_does_not_know_is_found() {
        assert_eq!(check("novelty", "").len(), 1);
        assert_eq!(check("transport", "use crate::novelty::Thing;").len(), 1);
    }

    #[test]
    fn foreign_crates_stay_in_their_places() {
        assert_eq!(
            check("transport::nats", "use async_nats::Client;"),
            Findings::new()
        );
        assert_eq!(
            check("transport::memory", "use async_nats::Client;").len(),
            1
        );
        assert_eq!(check("broker", "use redis::Client;").len(), 1);
        assert_eq!(
            check("broker", "mod redis; pub use self::redis::Server;"),
            Findings::new()
        );
        assert_eq!(check("matcher::typed", "use tokio::sync::Mutex;").len(), 1);
        assert_eq!(check("matcher::typed", "// no tokio here"), Findings::new());
    }
}
