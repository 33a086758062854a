//! The tests that a process is going to run, and what is known of each before it runs.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::line::Header;
use crate::model::{CaseRow, ChoreoMeta, Location, Millis, ProcessRef, Test, TestOutcome};

/// A test that was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Planned {
    /// Its full name, as filters see it.
    pub name: String,
    /// The file that it is in.
    pub file: String,
    /// Its line in that file, from 1.
    pub line: u32,
    /// The row of values that it runs with, if it is data-driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseRow>,
    /// Words to select it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// It is in the list only to be shown as ignored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl Planned {
    /// A test at a place in the source.
    #[must_use]
    pub fn new(name: impl Into<String>, file: impl Into<String>, line: u32) -> Self {
        Self {
            name: name.into(),
            file: file.into(),
            line,
            case: None,
            tags: Vec::new(),
            ignored: false,
        }
    }
}

/// What ran the process of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Runner {
    /// `cargo test`, or a person.
    Cargo,
    /// `cargo nextest run`.
    Nextest,
}

impl Header {
    /// What the report says of the test at this place of the plan before anything is known of its end; none if
    /// there is no such place.
    #[must_use]
    pub fn test(
        &self,
        index: usize,
        outcome: TestOutcome,
        took: impl Into<Millis>,
    ) -> Option<Test> {
        let planned = self.tests.get(index)?;
        let name = &planned.name;
        let mut test = Test::new(
            self.nodeid(name),
            planned.file.clone(),
            name.clone(),
            outcome,
            took,
        );
        test.markers.clone_from(&planned.tags);
        test.tags.clone_from(&planned.tags);
        if !planned.tags.is_empty() {
            let mut meta = ChoreoMeta::default();
            meta.tags.clone_from(&planned.tags);
            test.choreo_meta = Some(meta);
        }
        test.package.clone_from(&self.package);
        test.target = Some(self.target.clone());
        test.location = Some(Location::new(planned.file.clone(), planned.line, None));
        test.case.clone_from(&planned.case);
        test.rerun = Some(self.rerun(name));
        test.process = Some(ProcessRef::new(self.process.clone()));
        Some(test)
    }

    pub(crate) fn nodeid(&self, name: &str) -> String {
        match &self.package {
            Some(package) => format!("{package}::{}::{name}", self.target),
            None => format!("{}::{name}", self.target),
        }
    }

    /// The command that runs one test alone, built as it was, with what chance was drawn from: for a POSIX shell.
    fn rerun(&self, name: &str) -> String {
        let seed = self.run.seed.as_ref();
        let seed = seed.map_or_else(String::new, |seed| format!("CHOREO_SEED={} ", quoted(seed)));
        let package = self.package.as_ref();
        let mut package =
            package.map_or_else(String::new, |package| format!(" -p {}", quoted(package)));
        for word in build_words(&self.run.command_line) {
            package.push(' ');
            package.push_str(&quoted(word));
        }
        let target = quoted(&self.target);
        match self.runner {
            Runner::Cargo => {
                format!(
                    "{seed}cargo test{package} --test {target} -- --exact {}",
                    quoted(name)
                )
            }
            Runner::Nextest => {
                let mut filter = String::from("test(=");
                for c in name.chars() {
                    if matches!(c, '\\' | ')' | ',') {
                        filter.push('\\');
                    }
                    filter.push(c);
                }
                filter.push(')');
                format!(
                    "{seed}cargo nextest run{package} --test {target} -E {}",
                    quoted(&filter)
                )
            }
        }
    }
}

/// Options of cargo and nextest that say what is built, and whether a word of their own follows.
const BUILD: [(&str, bool); 10] = [
    ("--features", true),
    ("-F", true),
    ("--all-features", false),
    ("--no-default-features", false),
    ("--release", false),
    ("-r", false),
    ("--profile", true),
    ("--cargo-profile", true),
    ("--target", true),
    ("--manifest-path", true),
];

/// Of the command that ran the tests, the words that another one needs to build the same.
fn build_words(command: &[String]) -> Vec<&str> {
    let Some((program, words)) = command.split_first() else {
        return Vec::new();
    };
    let stem = Path::new(program).file_stem();
    // Otherwise it is the test program itself.
    if !stem.is_some_and(|stem| stem == "cargo" || stem == "cargo-nextest") {
        return Vec::new();
    }
    let own = || words.iter().take_while(|word| *word != "--");
    // Features of a whole workspace are not those of the one package that is run again.
    let all = own().any(|word| word == "--workspace" || word == "--all");
    let mut found = Vec::new();
    let mut words = own();
    while let Some(word) = words.next() {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        let Some((_, takes)) = BUILD.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let value = (*takes && name == word).then(|| words.next()).flatten();
        if !(all && matches!(name, "--features" | "-F")) {
            found.push(word.as_str());
            found.extend(value.map(String::as_str));
        }
    }
    found
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '/' | ',' | '=' | '+')
    };
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::header;
    use super::*;

    #[test]
    fn a_test_is_named_placed_and_can_be_run_again() {
        let mut header = header("p1", &["api::creates"]);
        header.tests[0].tags = vec!["nightly".to_owned()];
        let row = CaseRow::new(2, "tests/orders.rs", 7);
        header.tests[0].case = Some(row.clone());
        let test = header
            .test(0, TestOutcome::Passed, Millis::ZERO)
            .expect("the plan has one test");
        assert_eq!(test.nodeid, "shop::orders::api::creates");
        assert_eq!(
            test.rerun.as_deref(),
            Some("cargo test -p shop --test orders -- --exact api::creates")
        );
        assert_eq!(test.tags, ["nightly"]);
        assert_eq!(test.case, Some(row));
        assert!(header.test(1, TestOutcome::Passed, Millis::ZERO).is_none());

        header.runner = Runner::Nextest;
        header.package = None;
        let test = header.test(0, TestOutcome::Passed, Millis::ZERO);
        assert_eq!(
            test.and_then(|test| test.rerun).as_deref(),
            Some("cargo nextest run --test orders -E 'test(=api::creates)'")
        );
    }

    #[test]
    fn it_is_built_and_drawn_as_it_was() {
        let mut header = header("p1", &["a"]);
        let mut rerun = |command: &str| {
            header.run.command_line = command.split(' ').map(str::to_owned).collect();
            header.rerun("a")
        };
        assert_eq!(
            rerun("/bin/cargo test --features a,b -q --profile=ci -r --test orders -- -F x"),
            "cargo test -p shop --features a,b --profile=ci -r --test orders -- --exact a"
        );
        assert_eq!(
            rerun("cargo t --workspace --no-default-features -F a --target x86"),
            "cargo test -p shop --no-default-features --target x86 --test orders -- --exact a"
        );
        assert_eq!(
            rerun("target/debug/deps/orders-1 --release"),
            "cargo test -p shop --test orders -- --exact a"
        );
        header.run.command_line.clear();
        header.run.seed = Some("17".to_owned());
        assert!(
            header
                .rerun("a")
                .starts_with("CHOREO_SEED=17 cargo test -p shop ")
        );
        header.runner = Runner::Nextest;
        assert!(
            header
                .rerun("a")
                .starts_with("CHOREO_SEED=17 cargo nextest run -p shop ")
        );
    }

    #[test]
    fn odd_names_are_quoted_for_the_shell_and_for_the_filter() {
        let mut header = header("p1", &["it's (odd)"]);
        assert_eq!(
            header.rerun("it's (odd)"),
            r"cargo test -p shop --test orders -- --exact 'it'\''s (odd)'"
        );
        header.runner = Runner::Nextest;
        assert!(header.rerun("a(b),c").ends_with(r"'test(=a(b\)\,c)'"));
    }
}
