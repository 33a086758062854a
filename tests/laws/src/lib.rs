//! What holds for every input of our parsers, whoever wrote it.
//!
//! A law takes bytes and panics when they break it. The fuzz targets in `fuzz/` call the laws, and so does an
//! ordinary test (`tests/laws.rs`), so that no law is written twice and none rots between two runs of a fuzzer.
//!
//! Parsers are called through the public interface where it reaches them without a broker. The others are
//! taken in as modules, by their path: nothing becomes public for a fuzzer.
#![expect(
    clippy::unwrap_used,
    reason = "a law that cannot be checked is broken, and says so by its panic"
)]

mod address;
mod bytes;
mod codec;
mod config;
mod page;
mod partial;
mod pattern;
mod redaction;
mod report;
mod secrets;
mod table;
mod time;
mod topic;

/// Something that holds for every input.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Law {
    /// The name of its fuzz target, and of the folder of its corpus.
    pub name: &'static str,
    /// Panics when the input breaks it.
    pub check: fn(&[u8]),
    /// So many made-up inputs take the ordinary test some seconds at most.
    pub cases: u32,
}

impl Law {
    const fn new(name: &'static str, check: fn(&[u8]), cases: u32) -> Self {
        Self { name, check, cases }
    }
}

/// All of them. Each has a target in `fuzz/fuzz_targets`, a corpus in `fuzz/corpus` and a row in `fuzz/README.md`.
pub const ALL: &[Law] = &[
    Law::new("address", address::check, 2000),
    Law::new("codec", codec::check, 2000),
    Law::new("config", config::check, 1000),
    Law::new("page", page::check, 300),
    Law::new("partial", partial::check, 300),
    Law::new("pattern", pattern::check, 2000),
    Law::new("redaction", redaction::check, 1000),
    Law::new("report", report::check, 300),
    Law::new("table", table::check, 2000),
    Law::new("time", time::check, 2000),
    Law::new("topic", topic::check, 2000),
];

/// Checks one law, by its name, against one input.
///
/// # Panics
///
/// When the input breaks the law, or no law has this name.
pub fn check(name: &str, input: &[u8]) {
    let law = ALL.iter().find(|law| law.name == name);
    (law.expect("the law is in the list").check)(input);
}
