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
//! `--test-threads`, `--format` …) there are these; of libtest's, those that are unstable there need
//! no `-Z` here:
//!
//! | option | environment | meaning |
//! |---|---|---|
//! | `--slow warn\|deny` | `CHOREO_SLOW` | whether a scenario that is right but over its latency budget fails; default `warn` |
//! | `--skipped warn\|deny` | `CHOREO_SKIP` | whether a scenario that cannot run here, because its broker is missing, fails; default `warn`, under nextest `deny` |
//! | `--concurrency N` | `CHOREO_CONCURRENCY` | how many scenarios are in flight at once; default 256 |
//! | `--seed N` | `CHOREO_SEED` | what chance is drawn from, to repeat a run; default: another number in each run |
//! | `--shuffle`, `--shuffle-seed N` | | scenarios start in another order than that of the source: one that follows from `N`, or from the seed of the run; the output says which |
//! | `--fail-fast` | | after the first failure none starts; those are *not run*, and counted as ignored in the last line |
//! | `--tag NAME` | | only scenarios with this tag, or with one of several |
//! | `--report DIR\|off` | `CHOREO_REPORT_DIR`, `CHOREO_REPORT=off` | where the report is written; default `target/choreo/report` |
//! | | `CHOREO_SHOW_SECRETS` | `1` shows in the terminal what is hidden in reports; default `0` |
//!
//! The command line wins over the environment. `--test-threads N` (or `RUST_TEST_THREADS`) limits
//! the scenarios in flight too.
//!
//! # The report
//!
//! Every run leaves a report: `index.html` for people, `results.json` for programs, and on request
//! `junit.xml`. Where: `--report`, else `CHOREO_REPORT_DIR`, else `choreo.toml`, else the folder
//! `choreo/report` of the target folder that the test program is in. Relative folders are those of the
//! workspace (the nearest folder with a `Cargo.lock`), in `choreo.toml` those beside the file. The
//! nearest `choreo.toml` with the section counts, from the package's folder upwards:
//!
//! ```toml
//! [report]
//! dir = "reports/choreo"   # or "off"
//! junit = true             # needs the feature `junit`; also CHOREO_REPORT_JUNIT=on
//! github = false           # also CHOREO_GITHUB=off
//! project = "shop"         # also CHOREO_PROJECT; default: the workspace's folder
//! ```
//!
//! A folder that holds files and is not marked as a report folder (`.choreo-report`) is refused, and so
//! are a home folder, the root of a file system and the root of a repository. Trouble with the report
//! is a warning: it changes neither a result nor the exit status. The report that is there is replaced
//! when the new one is complete, and stays if nothing was selected.
//!
//! All processes of one `cargo test`, or of one `cargo nextest run`, make one report; a run in several
//! parts can name itself with `CHOREO_RUN_ID`. Under `cargo test` each binary adds to it when it ends.
//! Under nextest every scenario is a process, and merging takes a small part of the run's time: in a
//! run of many thousands the last may be missing until `choreo report show`, and the report says so.
//! What chance was drawn from is in the report as `run.seed`, if it was fixed or a scenario left
//! something to chance.
//! A process that dies leaves its scenarios as errors. Ctrl-C and SIGTERM end the run, and what is
//! known is in the report.
//!
//! On GitHub Actions, failures are annotations at their lines and the run is in the summary of the step.
//! The report also has `CHOREO_ENV` as the name of the environment.
//!
//! # Events
//!
//! `--format json` prints an event for each line, those of libtest in libtest's words. What Choreo adds
//! is in the field `choreo`.
//!
//! | `type`, `event` | when | fields |
//! |---|---|---|
//! | `suite`, `started` | first | `test_count`, `shuffle_seed` if there is one |
//! | `test`, `started` | a scenario begins, or is only shown as ignored | `name` |
//! | `test`, `timeout` | it has been running for 60 seconds, and runs on | `name` |
//! | `test`, `ok` | it passed | `name`, `exec_time` in seconds, `choreo` |
//! | `test`, `failed` | it failed | the same, and `stdout` with the failure text |
//! | `test`, `ignored` | it was not run | `name`, `message` with the reason if there is one, `choreo` |
//! | `suite`, `ok` or `failed` | last | `passed`, `failed`, `ignored`, `measured`, `filtered_out`, `exec_time`, `choreo` |
//!
//! `choreo` of a test: `outcome` (`pass`, `slow`, `fail`, `timeout`, `error`, `expected_failure`,
//! `skipped`, `not_run`, `ignored`), `file`, `line`, `tags`, and if it ran `duration_ms` and `handles`, each with
//! `topic`, `outcome`, `latency_ms` and `budget_ms`. `choreo` of the suite: `report` (the path of the
//! page) and `interrupted` (the signal that ended the run). What is not known is left out.
//!
//! # What is hidden
//!
//! Failure texts, reasons and topics are redacted as in reports: in events, and in what a person reads. There
//! `CHOREO_SHOW_SECRETS=1` shows them as they are: not in events, nor in a `--logfile`, and no report has them
//! ever. What a scenario prints itself goes straight to the terminal, as it is.
//!
//! # Exit status
//!
//! 0 if nothing failed, 101 if a scenario failed, 2 if the command line or the environment could
//! not be understood, or two scenarios have one name, 130 or 143 if Ctrl-C or SIGTERM ended the run.
//!
//! # Differences from libtest
//!
//! Output is never captured. A scenario that cannot run on this machine is *skipped*: counted
//! as ignored in the last line, and named above it with the reason. `--logfile` takes all of the
//! output away from the standard output. `--ensure-time`, `--exclude-should-panic` and
//! `--format junit` are refused, with what there is instead; `--bench` runs nothing, as scenarios
//! are no benchmarks; `--report-time` and `--force-run-in-process` say what is always so. After
//! the first failure under `--fail-fast`, scenarios in flight run to their end. `--list` prints the
//! same list in every format. `RUST_TEST_SHUFFLE` and `RUST_TEST_NOCAPTURE` are not read. Under
//! `cargo nextest run` every scenario is a process of its own, so that a resource is opened once for
//! each. Nextest knows only passed and failed: a scenario that cannot run fails
//! there unless `CHOREO_SKIP=warn` accepts that it counts as passed.
#![forbid(unsafe_code)]

mod allowlist;
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
mod redacted;
mod registry;
mod report;
mod resource;
mod resources;
mod run;
mod seed;
mod select;
mod skips;
#[cfg(test)]
mod testing;
mod text;
mod verdict;

pub use allowlist::note_allowlist;
pub use case::{BoxFuture, Case, Row, RunContext, SlowPolicy};
pub use choreo_report::model::{HandleRecord, Outcome, ScenarioRecord};
pub use exit::RunExit;
pub use invoke::{main, run};
pub use panics::{CaughtPanic, catch_panic, catch_panic_now};
pub use resource::{OpenError, Opened, Resource};
pub use seed::{InvalidSeed, run_seed};
