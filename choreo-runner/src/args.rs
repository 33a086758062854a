//! The command line and the environment: libtest's options, and a few of our own.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use libtest_mimic::Arguments;

use crate::case::SlowPolicy;
use crate::seed;

/// Scenarios mostly wait, so far more of them fit than there are cores.
const DEFAULT_CONCURRENCY: usize = 256;

/// What this run was asked to do.
#[derive(Debug)]
pub(crate) struct Options {
    /// What libtest-mimic understands. The filters are in `filters`, all of them.
    pub(crate) libtest: Arguments,
    pub(crate) filters: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) slow: SlowPolicy,
    pub(crate) skipped: SkipPolicy,
    pub(crate) concurrency: usize,
    /// What chance is drawn from, if that is fixed.
    pub(crate) seed: Option<u64>,
    /// Whether the scenarios start in another order than theirs, and what it is drawn from, if that is fixed.
    pub(crate) shuffle: bool,
    pub(crate) shuffle_seed: Option<u64>,
    /// Whether none starts after the first failure.
    pub(crate) fail_fast: bool,
    pub(crate) report: ReportWish,
    /// Whether `junit.xml` is asked for; `None` leaves it to `choreo.toml`.
    pub(crate) junit: Option<bool>,
    /// Whether GitHub is told of failures, if it runs us; `None` leaves it to `choreo.toml`.
    pub(crate) github: Option<bool>,
    /// Whether a person may read what reports do not show. Never in a file.
    pub(crate) show_secrets: bool,
}

/// What the command line and the environment say about the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportWish {
    /// Nothing: `choreo.toml` decides.
    Unsaid,
    Off,
    /// In this folder.
    At(PathBuf),
}

/// What it means for a run that a scenario could not run on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipPolicy {
    Warn,
    Deny,
    /// Nobody decided, and nextest, which started us, would count a skipped scenario as passed
    /// and hide that it was not run.
    DenyUnseen,
}

/// Why nothing is run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// A mistake in the command line, or `--help`.
    #[error("{0}")]
    CommandLine(#[from] clap::Error),
    #[error("the environment variable {name} is `{value}`: it must be {expected}")]
    Environment {
        name: &'static str,
        value: String,
        expected: &'static str,
    },
}

#[derive(Parser)]
#[command(
    disable_version_flag = true,
    help_template = "Usage: {usage}\n\n{all-args}{after-help}",
    override_usage = "[OPTIONS] [FILTER]...",
    after_help = "All scenarios start at once, up to the limit of --concurrency. \
        The environment variables CHOREO_SLOW, CHOREO_SKIP, CHOREO_CONCURRENCY, CHOREO_SEED and \
        CHOREO_REPORT_DIR set the same as --slow, --skipped, --concurrency, --seed and --report; the \
        options win. \
        CHOREO_REPORT=off is --report off. \
        CHOREO_SHOW_SECRETS=1 shows in the terminal what is hidden in reports."
)]
struct CommandLine {
    #[command(flatten)]
    libtest: Arguments,

    /// Further filters: a scenario runs if its name contains any of the filters.
    #[arg(value_name = "FILTER", hide = true)]
    more_filters: Vec<String>,

    /// Whether a scenario that is right but over its latency budget fails [default: warn]
    #[arg(long, value_name = "warn|deny", hide_possible_values = true, help_heading = CHOREO)]
    slow: Option<Policy>,

    /// Whether a scenario fails that cannot run here, such as for want of a broker [default: warn; under nextest: deny]
    #[arg(long, value_name = "warn|deny", hide_possible_values = true, help_heading = CHOREO)]
    skipped: Option<Policy>,

    /// How many scenarios are in flight at once [default: 256]
    #[arg(long, value_name = "N", help_heading = CHOREO)]
    concurrency: Option<NonZeroUsize>,

    /// What chance is drawn from, to repeat a run [default: another number in each run]
    #[arg(long, value_name = "N", help_heading = CHOREO)]
    seed: Option<u64>,

    /// Run only scenarios with this tag, or with any one of several
    #[arg(long = "tag", value_name = "NAME", help_heading = CHOREO)]
    tags: Vec<String>,

    /// Start the scenarios in a random order, which --seed repeats
    #[arg(long)]
    shuffle: bool,

    /// Start the scenarios in the order that this number gives
    #[arg(long, value_name = "N")]
    shuffle_seed: Option<u64>,

    /// Start no scenario after the first failure
    #[arg(long)]
    fail_fast: bool,

    /// Where the report is written, or `off` [default: target/choreo/report]
    #[arg(long, value_name = "DIR|off", help_heading = CHOREO)]
    report: Option<OsString>,

    /// The newer spelling of `--nocapture` in libtest.
    #[arg(long, hide = true)]
    no_capture: bool,

    /// Asked for by editors together with `--format json`; times are always shown.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    report_time: Option<Option<String>>,

    /// That is where scenarios run.
    #[arg(long, hide = true)]
    force_run_in_process: bool,
}

/// What libtest has and scenarios have not, with what there is instead.
const REFUSED: [(&str, &str); 3] = [
    (
        "--ensure-time",
        "messages have budgets (`within 50ms`), and `--slow deny` fails scenarios over theirs",
    ),
    (
        "--exclude-should-panic",
        "no scenario is meant to panic; `--skip NAME` leaves scenarios out",
    ),
    (
        "junit",
        "`CHOREO_REPORT_JUNIT=on` writes `junit.xml` beside the report (feature `junit`)",
    ),
];

const CHOREO: &str = "Choreo";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    Warn,
    Deny,
}

/// Reads the command line (with the name of the program in front) and the environment.
pub(crate) fn parse(
    command_line: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Options, Refusal> {
    let CommandLine {
        mut libtest,
        more_filters,
        slow,
        skipped,
        concurrency,
        seed,
        tags,
        report,
        shuffle,
        shuffle_seed,
        fail_fast,
        no_capture,
        report_time: _,
        force_run_in_process: _,
    } = command()
        .try_get_matches_from(command_line)
        .and_then(|matches| CommandLine::from_arg_matches(&matches))
        .map_err(instead)?;
    if libtest.test_threads == Some(0) {
        return Err(clap::Error::raw(
            clap::error::ErrorKind::ValueValidation,
            "--test-threads must be at least 1\n",
        )
        .into());
    }

    // What the command line decides is not even looked up in the environment.
    let slow = match slow {
        Some(policy) => policy,
        None => policy_from(&environment, "CHOREO_SLOW")?.unwrap_or(Policy::Warn),
    };
    let skipped = match skipped {
        Some(policy) => Some(policy),
        None => policy_from(&environment, "CHOREO_SKIP")?,
    };
    let under_nextest = environment("NEXTEST").is_some_and(|value| value == "1");
    let concurrency = match concurrency.map(NonZeroUsize::get).or(libtest.test_threads) {
        Some(limit) => limit,
        None => match count_from(&environment, "CHOREO_CONCURRENCY")? {
            Some(limit) => limit,
            None => count_from(&environment, "RUST_TEST_THREADS")?.unwrap_or(DEFAULT_CONCURRENCY),
        },
    };

    let seed = match seed {
        Some(seed) => Some(seed),
        None => read(&environment, "CHOREO_SEED", seed::EXPECTED, |value| {
            value.parse().ok()
        })?,
    };

    let report = match report {
        Some(word) if word == "off" => ReportWish::Off,
        Some(folder) => ReportWish::At(folder.into()),
        None => report_from(&environment)?,
    };
    let on = |switch| switch == Switch::On;
    let junit = switch_from(&environment, "CHOREO_REPORT_JUNIT")?.map(on);
    let github = switch_from(&environment, "CHOREO_GITHUB")?.map(on);

    let show_secrets = read(
        &environment,
        "CHOREO_SHOW_SECRETS",
        "`1` or `0`",
        |value| match value {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        },
    )?;

    libtest.nocapture |= no_capture;
    let filters = libtest
        .filter
        .take()
        .into_iter()
        .chain(more_filters)
        .collect();
    Ok(Options {
        filters,
        tags,
        slow: match slow {
            Policy::Warn => SlowPolicy::Warn,
            Policy::Deny => SlowPolicy::Deny,
        },
        skipped: match skipped {
            Some(Policy::Warn) => SkipPolicy::Warn,
            Some(Policy::Deny) => SkipPolicy::Deny,
            None if under_nextest => SkipPolicy::DenyUnseen,
            None => SkipPolicy::Warn,
        },
        concurrency,
        seed,
        shuffle: shuffle || shuffle_seed.is_some(),
        shuffle_seed,
        fail_fast,
        report,
        junit,
        github,
        show_secrets: show_secrets == Some(true) && libtest.logfile.is_none(),
        libtest,
    })
}

/// Says what there is instead of an option that only libtest has.
fn instead(mut error: clap::Error) -> clap::Error {
    let refused = [ContextKind::InvalidArg, ContextKind::InvalidValue]
        .into_iter()
        .find_map(|kind| match error.get(kind)? {
            ContextValue::String(text) => {
                REFUSED.iter().find(|(option, _)| text.starts_with(option))
            }
            _ => None,
        });
    if let Some((_, instead)) = refused {
        let tip = ContextValue::StyledStrs(vec![(*instead).into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// The command, with help for libtest's options that is true of this runner.
fn command() -> clap::Command {
    let helps = [
        ("ignored", "Run only ignored scenarios"),
        ("include_ignored", "Run ignored scenarios too"),
        (
            "nocapture",
            "Explain expected failures too; nothing is ever captured",
        ),
        ("show_output", "Explain expected failures too"),
        (
            "test_threads",
            "The same as --concurrency, which wins over it",
        ),
        (
            "quiet",
            "Show one character for each scenario; the same as --format=terse",
        ),
        (
            "color",
            "Whether to use colours; auto: if the output is a terminal",
        ),
        (
            "format",
            "pretty: lines; terse: one character for each scenario; json: events",
        ),
    ];
    let mut command = CommandLine::command();
    for (name, help) in helps {
        command = command.mut_arg(name, |arg| {
            let arg = arg.help(help).long_help(None);
            let enumerated = matches!(name, "color" | "format");
            if enumerated {
                arg.hide_possible_values(true)
            } else {
                arg
            }
        });
    }
    command
}

fn policy_from(
    environment: impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<Policy>, Refusal> {
    read(environment, name, "`warn` or `deny`", |value| {
        Policy::from_str(value, true).ok()
    })
}

fn switch_from(
    environment: impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<Switch>, Refusal> {
    read(environment, name, "`on` or `off`", |value| {
        Switch::from_str(value, true).ok()
    })
}

fn report_from(environment: impl Fn(&str) -> Option<String>) -> Result<ReportWish, Refusal> {
    if switch_from(&environment, "CHOREO_REPORT")? == Some(Switch::Off) {
        return Ok(ReportWish::Off);
    }
    let folder = environment("CHOREO_REPORT_DIR").filter(|folder| !folder.is_empty());
    Ok(folder.map_or(ReportWish::Unsaid, |folder| ReportWish::At(folder.into())))
}

fn count_from(
    environment: impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<usize>, Refusal> {
    read(environment, name, "a number, at least 1", |value| {
        value.parse().ok().map(NonZeroUsize::get)
    })
}

/// A variable that is set to nothing counts as not set, as scripts do to switch one off.
fn read<T>(
    environment: impl Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(value) = environment(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    match parse(value.trim()) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(Refusal::Environment {
            name,
            value,
            expected,
        }),
    }
}

#[cfg(test)]
mod tests;
