//! Registers, selects and runs Choreo scenarios.
//!
//! A scenario is a [`Case`]; it needs a [`Resource`], such as a connection to a broker, that is
//! opened once for all of its scenarios. This crate knows neither brokers nor matchers: it sees
//! futures that end with a [`ScenarioRecord`].
//!
//! # What a test binary does
//!
//! [`main`] reads the command line as libtest does, selects among the registered cases, starts
//! all that were selected on one runtime, prints as libtest does, and ends the process. Beside
//! libtest's own options (`--list`, filters, `--exact`, `--skip`, `--ignored`,
//! `--test-threads`, `--format` …) there are:
//!
//! | option | environment | meaning |
//! |---|---|---|
//! | `--slow warn\|deny` | `CHOREO_SLOW` | whether a scenario that is right but over its latency budget fails; default `warn` |
//! | `--skipped warn\|deny` | `CHOREO_SKIP` | whether a scenario that cannot run here, because its broker is missing, fails; default `warn`, under nextest `deny` |
//! | `--concurrency N` | `CHOREO_CONCURRENCY` | how many scenarios are in flight at once; default 256 |
//! | `--tag NAME` | | only scenarios with this tag, or with one of several |
//!
//! The command line wins over the environment. `--test-threads N` (or `RUST_TEST_THREADS`) limits
//! the scenarios in flight too.
//!
//! # Exit status
//!
//! 0 if nothing failed, 101 if a scenario failed, 2 if the command line or the environment could
//! not be understood, or two scenarios have one name.
//!
//! # Differences from libtest
//!
//! Output is never captured. A scenario that cannot run on this machine is *skipped*: counted
//! as ignored in the last line, and named above it with the reason. `--logfile` takes all of the
//! output away from the standard output. `--shuffle`, `--fail-fast` and `--format junit` are not
//! offered. Under `cargo nextest run` every scenario is a process of its own, so that a resource
//! is opened once for each. Nextest knows only passed and failed: a scenario that cannot run fails
//! there unless `CHOREO_SKIP=warn` accepts that it counts as passed.
#![forbid(unsafe_code)]

mod args;
mod case;
mod console;
mod exit;
mod interrupt;
mod invoke;
mod json;
mod list;
mod output;
mod panics;
mod registry;
mod report;
mod resource;
mod resources;
mod run;
mod select;
mod skips;
#[cfg(test)]
mod testing;
mod text;
mod verdict;

pub use case::{BoxFuture, Case, RunContext, SlowPolicy};
pub use choreo_report::model::{HandleRecord, Outcome, ScenarioRecord};
pub use exit::RunExit;
pub use invoke::{main, run};
pub use panics::{CaughtPanic, catch_panic};
pub use resource::{OpenError, Opened, Resource};
