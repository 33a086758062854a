//! Length of files, and the comment at their head.

use std::path::Path;

use super::{Findings, read, rust_files, shown};

/// Beyond this a file holds more than one thing: split it.
const MAX_LINES: usize = 600;

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let mut findings = Findings::new();
    for path in rust_files(root)? {
        let name = shown(root, &path);
        findings.extend(check_file(&name, &read(&path)?));
    }
    Ok(findings)
}

fn check_file(name: &str, text: &str) -> Findings {
    let mut findings = Findings::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        findings.push(format!(
            "{name}:{lines}: {lines} lines; split it, {MAX_LINES} is the limit"
        ));
    }
    let library = name.split('/').any(|folder| folder == "src") && !name.ends_with("/tests.rs");
    if library
        && !["//!", "#![doc"]
            .iter()
            .any(|head| text.trim_start().starts_with(head))
    {
        findings.push(format!(
            "{name}:1: no head comment; say with `//!` what the module does and what it must not know"
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_missing_heads_are_found() {
        assert_eq!(check_file("a/src/b.rs", "//! B.\n"), Findings::new());
        assert_eq!(check_file("a/src/b.rs", "fn b() {}\n").len(), 1);
        assert_eq!(check_file("a/tests/b.rs", "fn b() {}\n"), Findings::new());
        let long = format!("//! B.\n{}", "\n".repeat(MAX_LINES));
        assert_eq!(check_file("a/src/b.rs", &long).len(), 1);
    }
}
