//! `docs/parity.md`: what we have names the tests that prove it, and those tests exist.

use std::path::Path;

use super::{Findings, read};

const FILE: &str = "docs/parity.md";

/// The columns of its tables of capabilities; other tables are left alone.
const COLUMNS: [&str; 4] = ["Capability", "State", "How", "Proved by"];

/// What may be missing; everything else has to be there, or to say why it is wrong to have.
const LATER: [&str; 4] = [
    "Percentile and throughput budgets, repeat runs",
    "Retries and classes of flakiness",
    "Consumer-side semantics of the system under test (acknowledgements, redelivery)",
    "Schema registries, Avro, protobuf, CBOR, MessagePack",
];

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let text = read(&root.join(FILE))?;
    let file = |path: &str| read(&root.join(path)).ok();
    let rows = rows(&text);
    if rows.is_empty() {
        let columns = COLUMNS.join(" | ");
        return Ok(vec![format!(
            "{FILE}:1: no table with the columns {columns}"
        )]);
    }
    Ok(rows.iter().flat_map(|row| row.findings(&file)).collect())
}

/// One capability.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    cells: Vec<String>,
}

/// The rows of every table of capabilities.
fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut ours = false;
    for (index, line) in text.lines().enumerate() {
        let Some(line) = line.strip_prefix('|') else {
            ours = false;
            continue;
        };
        let cells = cells(line);
        if cells.iter().eq(COLUMNS) {
            ours = true;
        } else if ours && !cells.iter().all(|cell| cell.starts_with("--")) {
            let line = index + 1;
            rows.push(Row { line, cells });
        }
    }
    rows
}

/// What stands between the bars; `\|` is no bar.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_end_matches('|').replace("\\|", "\0");
    let cells = line.split('|').map(|cell| cell.trim().replace('\0', "|"));
    cells.collect()
}

impl Row {
    fn findings(&self, file: &dyn Fn(&str) -> Option<String>) -> Findings {
        let at = format!("{FILE}:{}: row `{}`", self.line, self.cells[0]);
        let [capability, state, how, proofs] = &self.cells[..] else {
            let count = self.cells.len();
            return vec![format!("{at} has {count} cells; write {}", COLUMNS.len())];
        };
        let found = match state.as_str() {
            "has" => missing(proofs, file),
            "later" if LATER.contains(&capability.as_str()) => None,
            "later" => {
                Some("is not among what may be later: build it, or argue why not".to_owned())
            }
            "no" if how.len() >= 80 => None,
            "no" => Some("is `no` without an argument: say in its third cell why".to_owned()),
            other => Some(format!("is `{other}`: write has, later or no")),
        };
        found
            .map(|what| format!("{at} {what}"))
            .into_iter()
            .collect()
    }
}

/// What is wrong with the tests that a row names.
fn missing(proofs: &str, file: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut named = proofs.split('`').skip(1).step_by(2).peekable();
    if named.peek().is_none() {
        return Some("names no test: write `path/of/file.rs::name`".to_owned());
    }
    named.find_map(|proof| {
        let (path, name) = proof.split_once("::").unwrap_or((proof, ""));
        let Some(text) = file(path) else {
            return Some(format!("names `{proof}`, and there is no file {path}"));
        };
        if name.is_empty() {
            // A file that must not compile, or must, is a case.
            let is_case = path.starts_with("tests/ui/fail/") || path.starts_with("tests/ui/pass/");
            return (!is_case).then(|| format!("names `{proof}` without a test of it"));
        }
        (!has_test(&text, name)).then(|| format!("names `{proof}`, and {path} has no such test"))
    })
}

/// Whether a file has a test of this name: a function with an attribute for tests, a name that is registered
/// (whole, behind `module::`, or with holes that are written `*`), or a line of a table of cases.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let case = [format!("{name} in "), format!("{name} => ")];
    lines
        .iter()
        .any(|line| case.iter().any(|case| line.starts_with(&**case)))
        || registered(text, name)
        || (0..lines.len()).any(|at| is_test(&lines, at, name))
}

/// Whether a string of the file is the name, and stands where tests are given their names.
fn registered(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let parts: Vec<&str> = line.split('"').collect();
        let mut strings = parts.chunks_exact(2);
        strings.any(|pair| {
            let string = with_stars(pair[1]);
            let rest = string.strip_suffix(name);
            names_a_test(pair[0])
                && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
        })
    })
}

/// Whether what stands before a string in its line takes the name of a test: a call that registers one, begun in
/// this line or before it, or an arm of a table of names.
fn names_a_test(before: &str) -> bool {
    const CALLS: [&str; 5] = ["test(", ".case(", "format!(", "both(tests, ", "=> "];
    before.trim().is_empty() || CALLS.iter().any(|call| before.ends_with(call))
}

/// `{from}_to_{to}` as `*_to_*`.
fn with_stars(string: &str) -> String {
    let mut parts = string.split('{');
    let mut stars = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        stars.push('*');
        stars.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    stars
}

/// Whether a line begins the function, below an attribute for tests or with its name in a list of checks.
fn is_test(lines: &[&str], at: usize, name: &str) -> bool {
    let line = lines[at].strip_prefix("async ").unwrap_or(lines[at]);
    if !line.starts_with(&format!("fn {name}(")) {
        return false;
    }
    let above = lines[..at].iter().rev();
    let above = above.take_while(|line| !line.is_empty() && !line.ends_with(['}', ';']));
    let attributes: Vec<&str> = above.filter_map(|line| line.strip_prefix("#[")).collect();
    if attributes
        .iter()
        .any(|attribute| attribute.contains("ignore"))
    {
        return false;
    }
    let makes_a_test = |attribute: &&str| {
        let path = attribute.split(['(', ']']).next().unwrap_or_default();
        matches!(path.rsplit("::").next(), Some("test" | "scenario"))
    };
    attributes.iter().any(makes_a_test) || lines.contains(&&*format!("{name},"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| Capability | State | How | Proved by |\n|---|---|---|---|\n";

    /// The findings of one row, in a tree with one file of tests.
    fn found(row: &str) -> String {
        let file = |path: &str| {
            match path {
            "a/tests/b.rs" => Some(
                "#[tokio::test]\n/// Why.\nasync fn silence_passes() {}\n\nfn helper() {}\n\n\
                 #[cfg(test)]\nfn made_for_tests() {}\n\n#[test]\n#[ignore = \"slow\"]\nfn ignored() {}\n\n\
                 assert_eq!(name, \"only_compared\");\n\
                 table! {\n    order_is_kept in messages:\n}\nchecks![\n    listed,\n];\nfn listed() {}\n\
                 tests.test(\"connect::tls\", tls); format!(\"{from}_to_{to}\")\n"
                    .to_owned(),
            ),
            "tests/ui/fail/regex.rs" => Some("fn main() {}".to_owned()),
            _ => None,
        }
        };
        let rows = rows(&format!("{HEAD}{row}\n"));
        let findings = rows.iter().flat_map(|row| row.findings(&file));
        findings.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_test_has_many_forms() {
        for name in [
            "silence_passes",
            "order_is_kept",
            "listed",
            "tls",
            "connect::tls",
            "*_to_*",
        ] {
            let row = format!("| Absence | has | `never!` | `a/tests/b.rs::{name}` |");
            assert_eq!(found(&row), "", "{name}");
        }
        assert_eq!(
            found("| Steps | has | types | `tests/ui/fail/regex.rs` |"),
            ""
        );
    }

    #[test]
    fn what_proves_nothing_is_named_with_its_row() {
        for (cells, what) in [
            ("has | `never!` |  ", "names no test"),
            (
                "has | so | `a/tests/c.rs::x`",
                "there is no file a/tests/c.rs",
            ),
            (
                "has | so | `a/tests/b.rs::gone`",
                "a/tests/b.rs has no such test",
            ),
            ("has | so | `a/tests/b.rs::helper`", "has no such test"),
            ("has | so | `a/tests/b.rs::silence`", "has no such test"),
            ("has | so | `a/tests/b.rs::made_for_tests`", "no such test"),
            ("has | so | `a/tests/b.rs::ignored`", "no such test"),
            ("has | so | `a/tests/b.rs::only_compared`", "no such test"),
            ("has | so | `a/tests/b.rs`", "without a test of it"),
            ("later | so |  ", "not among what may be later"),
            ("no | so |  ", "without an argument"),
            ("maybe | so |  ", "write has, later or no"),
            ("has | so", "has 3 cells"),
        ] {
            let found = found(&format!("| Absence \\| silence | {cells} |"));
            assert!(found.contains(what), "{what}: {found}");
            let at = "docs/parity.md:3: row `Absence | silence`";
            assert!(found.starts_with(at), "{found}");
        }
    }

    #[test]
    fn other_tables_and_what_may_be_later_are_left_alone() {
        let later = format!("| {} | later | the trait `Codec` |  |", LATER[3]);
        assert_eq!(found(&later), "");
        assert_eq!(rows("| a | b |\n|---|---|\n| c | d |\n"), []);
    }
}
