//! `cargo xtask tidy`: the rules of the code base that no lint of rustc or clippy knows.

use std::path::{Path, PathBuf};

use crate::{Done, root};

mod compose;
mod dependencies;
mod files;
mod layers;
mod parity;
mod source;

pub(crate) use dependencies::{MAX_CRATES, crates};

/// Something that breaks a rule, as `path:line: what and what to do`.
type Findings = Vec<String>;

/// Checks all rules and reports every finding.
pub(crate) fn run() -> Done {
    let findings = findings(&root())?;
    if findings.is_empty() {
        println!("tidy: nothing to complain about");
        return Ok(());
    }
    Err(format!("tidy found:\n\n{}\n", findings.join("\n")))
}

fn findings(root: &Path) -> Result<Findings, String> {
    let mut findings = Findings::new();
    findings.extend(files::check(root)?);
    findings.extend(layers::check(root)?);
    findings.extend(compose::check(root)?);
    findings.extend(dependencies::check(root)?);
    findings.extend(parity::check(root)?);
    Ok(findings)
}

/// Reads a file of the repository.
fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Every Rust file below a folder, sorted; build products and hidden folders left out.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Done {
    let unreadable = |error: std::io::Error| format!("cannot list {}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// A path as it is shown: from the repository's root.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_base_is_tidy() {
        assert_eq!(findings(&root()), Ok(Findings::new()));
    }
}
