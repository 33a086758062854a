//! The laws of the fuzz targets, on stable: for every input of the corpora, and for some that are made of them.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::fmt;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;

use choreo_test_laws::{ALL, Law};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

/// The folder of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// What is checked in of a corpus: names without an ending are those that a fuzzer gives.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(name);
    let mut inputs: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .map(|path| {
            let input = fs::read(&path).unwrap();
            (path, input)
        })
        .collect();
    inputs.sort();
    inputs
}

/// A small change of an input, as a fuzzer makes them.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Insert(Index, Vec<u8>),
    Delete(Index, usize),
    End(Index),
    /// A part of another input of the corpus.
    Borrow(Index, Index, Index, usize),
}

impl Change {
    fn apply(self, input: &mut Vec<u8>, corpus: &[(PathBuf, Vec<u8>)]) {
        match self {
            Self::Byte(at, byte) if !input.is_empty() => {
                let at = at.index(input.len());
                input[at] = byte;
            }
            Self::Byte(..) => {}
            Self::Insert(at, bytes) => {
                let at = at.index(input.len() + 1);
                input.splice(at..at, bytes);
            }
            Self::Delete(at, length) => {
                let at = at.index(input.len() + 1);
                let end = input.len().min(at + length);
                input.drain(at..end);
            }
            Self::End(at) => input.truncate(at.index(input.len() + 1)),
            Self::Borrow(at, other, from, length) => {
                let (_, other) = &corpus[other.index(corpus.len())];
                let from = from.index(other.len() + 1);
                let part = other[from..other.len().min(from + length)].to_vec();
                let at = at.index(input.len() + 1);
                input.splice(at..at, part);
            }
        }
    }
}

/// An input that was made, shown as a literal of Rust.
#[derive(Clone)]
struct Made(Vec<u8>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

fn made(corpus: &[(PathBuf, Vec<u8>)]) -> impl Strategy<Value = Made> {
    let at = any::<Index>;
    // What means something to one of the parsers.
    let signs = b"\"\\{}[]():,;.=@#%&?*><!/|-+_~^$'`\r\n\t 0519aZ\0\x7f\xff";
    let byte = prop_oneof![2 => prop::sample::select(&signs[..]), 1 => any::<u8>()];
    let change = prop_oneof![
        4 => (at(), byte.clone()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        3 => (at(), vec(byte, 1..4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (at(), 1..12_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        1 => at().prop_map(Change::End),
        3 => (at(), at(), at(), 1..40_usize)
            .prop_map(|(at, other, from, length)| Change::Borrow(at, other, from, length)),
    ];
    (at(), vec(change, 1..5)).prop_map(|(seed, changes)| {
        let mut input = corpus[seed.index(corpus.len())].1.clone();
        for change in changes {
            change.apply(&mut input, corpus);
        }
        Made(input)
    })
}

#[track_caller]
fn holds(name: &str) {
    let law: &Law = ALL.iter().find(|law| law.name == name).unwrap();
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "no corpus of `{name}` is checked in");
    for (path, input) in &corpus {
        let checked = catch_unwind(|| (law.check)(input));
        assert!(checked.is_ok(), "`{name}` is broken by {}", path.display());
    }
    // `PROPTEST_CASES` asks for more.
    let standard = ProptestConfig::default();
    let config = ProptestConfig {
        cases: standard.cases.max(law.cases),
        failure_persistence: None,
        ..standard
    };
    let checked = TestRunner::new(config).run(&made(&corpus), |Made(input)| {
        (law.check)(&input);
        Ok(())
    });
    if let Err(broken) = checked {
        panic!("`{name}` is broken: {broken}");
    }
}

macro_rules! laws {
    ($($name:ident),+ $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),+];
        $(
            #[test]
            fn $name() {
                holds(stringify!($name));
            }
        )+
    };
}

laws!(
    address, codec, config, page, partial, pattern, redaction, report, table, time, topic
);

/// The law is about its input, and not about what lies in the folder of temporary files.
#[test]
fn no_file_of_others_is_read() {
    let others = tempfile::tempdir().unwrap();
    fs::write(others.path().join("choreo.toml"), "[report").unwrap();
    let mut law = Command::new(std::env::current_exe().unwrap());
    law.args(["--exact", "config"])
        .env("TMPDIR", others.path())
        .env("PROPTEST_CASES", "1");
    let ran = law.output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stdout)
    );
}

/// A law without its target is never fuzzed, and a target without a law is not checked here.
#[test]
fn every_law_has_its_target() {
    let names: Vec<_> = ALL.iter().map(|law| law.name).collect();
    assert_eq!(names, TESTED);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(fuzz().join("README.md")).unwrap();
    for name in &names {
        let target = format!("fuzz_targets/{name}.rs");
        let text = fs::read_to_string(fuzz().join(&target)).unwrap_or_default();
        assert_eq!(
            text,
            format!(
                "#![no_main]\n\nlibfuzzer_sys::fuzz_target!(|input: &[u8]| choreo_test_laws::check(\"{name}\", input));\n"
            ),
            "fuzz/{target}"
        );
        let entry = format!("name = \"{name}\"\npath = \"{target}\"\n");
        assert!(manifest.contains(&entry), "fuzz/Cargo.toml lacks\n{entry}");
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "fuzz/README.md has no row of `{name}`"
        );
    }
    let targets = fs::read_dir(fuzz().join("fuzz_targets")).unwrap();
    assert_eq!(targets.count(), names.len());
}
