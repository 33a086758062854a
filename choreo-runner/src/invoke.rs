//! From the start of a test binary to its exit status.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use choreo_report::redact;
use libtest_mimic::{ColorSetting, FormatSetting};

use crate::args::{Options, Refusal, parse};
use crate::console::{Console, Look};
use crate::exit::RunExit;
use crate::json::Json;
use crate::list;
use crate::output::{Output, Step};
use crate::redacted::Redacted;
use crate::registry::{Test, registered};
use crate::report::Reporter;
use crate::run::{Event, Plan, Run};
use crate::seed;
use crate::select::{Selection, select};
use crate::text::Paint;
use crate::verdict::{Judge, Status};

/// Runs the scenarios of this binary as its command line asks, and ends the process.
///
/// `module` is the `module_path!()` of the caller: scenarios are named by their paths below its
/// crate. This is what `choreo::main!()` calls.
pub fn main(module: &str) -> ! {
    run(module).exit()
}

/// Runs the scenarios of this binary as its command line asks; see the documentation of the
/// crate. Like [`main`], without ending the process.
pub fn run(module: &str) -> RunExit {
    let mut options = match parse(std::env::args_os(), |name| std::env::var(name).ok()) {
        Ok(options) => options,
        Err(Refusal::CommandLine(error)) => {
            // Also `--help`, which goes to the standard output and is no error.
            let _ = error.print();
            return if error.use_stderr() {
                RunExit::USAGE
            } else {
                RunExit::SUCCESS
            };
        }
        Err(refusal) => return complain(&refusal, RunExit::USAGE),
    };
    if let Some(seed) = options.seed {
        seed::fix(seed);
    }
    if options.shuffle && options.shuffle_seed.is_none() {
        // What the environment says of it is read by now.
        options.shuffle_seed = seed::run_seed().ok();
    }
    let krate = module.split("::").next().unwrap_or_default();
    match registered(krate) {
        Ok(tests) => run_tests(tests, &options, krate),
        Err(duplicate) => complain(&duplicate, RunExit::USAGE),
    }
}

fn run_tests(tests: Vec<Test>, options: &Options, krate: &str) -> RunExit {
    if tests.is_empty() {
        // Not an error: libtest runs zero tests successfully, and a project may start that way.
        note(
            "no scenario is registered in this test binary. Scenarios are functions under \
             `#[choreo::scenario(…)]`; those in a library count only if the test names the \
             library: `choreo::main!(my_scenarios)`",
        );
    }
    let selection = select(tests, options);

    if options.libtest.list {
        let printed =
            output(options).and_then(|(mut out, _)| list::print(&mut out, &selection, options));
        return match printed {
            Ok(()) => RunExit::SUCCESS,
            Err(error) => complain(
                &format!("the list could not be written: {error}"),
                RunExit::FAILED,
            ),
        };
    }
    let (out, choice) = match output(options) {
        Ok(output) => output,
        Err(error) => return complain(&format!("the log file: {error}"), RunExit::USAGE),
    };
    let color = choice != ColorChoice::Never;
    // Also where there is no report.
    let _secrets = redact::hold_secrets();
    if options.libtest.format == Some(FormatSetting::Json) {
        let mut json = Json::new(out, options.shuffle_seed, &selection);
        let exit = execute(&selection, options, krate, false, &mut json);
        for notice in json.skips().notices() {
            note(&format!("{} {}", notice.title, notice.reason));
        }
        exit
    } else {
        let mut console = Console::new(out, look(options, color), &selection);
        execute(&selection, options, krate, color, &mut console)
    }
}

/// Runs what was selected, shows it, and writes it down.
fn execute(
    selection: &Selection,
    options: &Options,
    krate: &str,
    color: bool,
    output: &mut dyn Output,
) -> RunExit {
    let started = Instant::now();
    let mut reporter = Reporter::begin(selection, options, krate);
    let detail = reporter.wants_detail();
    let plan = Plan {
        limit: options.concurrency,
        color,
        detail,
        shuffle: options.shuffle_seed,
        fail_fast: options.fail_fast,
    };
    let mut run = match Run::start(&selection.tests, plan) {
        Ok(run) => run,
        Err(error) => return complain(&no_runtime(&error), RunExit::FAILED),
    };
    let mut judge = Judge::new(options.slow, options.skipped);
    let mut stopped = None;
    output.begin();
    while let Some(event) = run.next() {
        let step = match event {
            Event::Started(index) => Step::Started(index),
            Event::Lingers(index) => Step::Lingers(index),
            Event::Finished(index, finish) => match selection.tests.get(index) {
                Some(selected) => {
                    let verdict = judge.judge(&selected.test, finish);
                    if options.fail_fast && verdict.status == Status::Failed {
                        run.start_no_more();
                    }
                    Step::Finished(index, Box::new(verdict))
                }
                None => continue,
            },
            Event::Interrupted(signal) => {
                stopped = Some(signal);
                Step::Interrupted(signal, run.unfinished())
            }
        };
        output.step(&step);
        reporter.step(step);
        if stopped.is_some() {
            break;
        }
    }
    let elapsed = started.elapsed();
    // Who was stopped has little time: first what is known, then the brokers.
    let report = reporter.end();
    let succeeded = output.end(elapsed, report.report.as_deref());
    let mut redacted = Redacted::new(options.show_secrets);
    for problem in run.close().iter().chain(&report.warnings) {
        note(&redacted.text(problem));
    }
    let _ = io::stderr().write_all(report.annotations.as_bytes());
    match stopped {
        Some(signal) => signal.exit(),
        None if succeeded => RunExit::SUCCESS,
        None => RunExit::FAILED,
    }
}

fn look(options: &Options, color: bool) -> Look {
    let args = &options.libtest;
    Look {
        paint: Paint { color },
        align: color,
        terse: args.quiet || args.format == Some(FormatSetting::Terse),
        show_expected: args.nocapture || args.show_output,
        one_by_one: options.concurrency == 1,
        shuffle: options.shuffle_seed,
        show_secrets: options.show_secrets,
        in_file: args.logfile.is_some(),
        interactive: args.logfile.is_none() && io::stdout().is_terminal(),
    }
}

/// Where the output goes, and whether it may have colours.
fn output(options: &Options) -> io::Result<(Box<dyn Write>, ColorChoice)> {
    let args = &options.libtest;
    let asked = match args.color {
        Some(ColorSetting::Always) => Some(ColorChoice::Always),
        Some(ColorSetting::Never) => Some(ColorChoice::Never),
        Some(ColorSetting::Auto) | None => None,
    };
    if let Some(path) = &args.logfile {
        let file = File::create(path)
            .map_err(|error| io::Error::new(error.kind(), format!("`{path}`: {error}")))?;
        return Ok((Box::new(file), asked.unwrap_or(ColorChoice::Never)));
    }
    let stdout = io::stdout();
    let choice = asked.unwrap_or_else(|| AutoStream::choice(&stdout));
    Ok((Box::new(AutoStream::new(stdout, choice)), choice))
}

fn no_runtime(error: &io::Error) -> String {
    format!("the runtime for the scenarios could not be started: {error}")
}

fn complain(problem: &dyn std::fmt::Display, exit: RunExit) -> RunExit {
    let _ = writeln!(io::stderr(), "error: {problem}");
    exit
}

fn note(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {text}");
}
