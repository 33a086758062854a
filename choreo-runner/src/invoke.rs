//! From the start of a test binary to its exit status.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use libtest_mimic::{ColorSetting, FormatSetting};

use crate::args::{Options, Refusal, parse};
use crate::console::{Console, Look};
use crate::exit::RunExit;
use crate::registry::{Test, registered};
use crate::run::Run;
use crate::select::{Selection, select};
use crate::text::Paint;
use crate::verdict::Judge;
use crate::{json, list};

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
    let options = match parse(std::env::args_os(), |name| std::env::var(name).ok()) {
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
    let krate = module.split("::").next().unwrap_or_default();
    match registered(krate) {
        Ok(tests) => run_tests(tests, &options),
        Err(duplicate) => complain(&duplicate, RunExit::USAGE),
    }
}

fn run_tests(tests: Vec<Test>, options: &Options) -> RunExit {
    if tests.is_empty() {
        // Not an error: libtest runs zero tests successfully, and a project may start that way.
        note(
            "no scenario is registered in this test binary. Scenarios are functions under \
             `#[choreo::scenario(…)]`; those in a library count only if the test names the \
             library: `choreo::main!(my_scenarios)`",
        );
    }
    let all_names: Vec<String> = tests.iter().map(|test| test.name.clone()).collect();
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
    if options.libtest.format == Some(FormatSetting::Json) {
        run_for_programs(&selection, &all_names, options)
    } else {
        run_for_people(&selection, options)
    }
}

fn run_for_people(selection: &Selection, options: &Options) -> RunExit {
    let started = Instant::now();
    let (out, choice) = match output(options) {
        Ok(output) => output,
        Err(error) => return complain(&format!("the log file: {error}"), RunExit::USAGE),
    };
    let paint = Paint {
        color: choice != ColorChoice::Never,
    };
    let mut run = match Run::start(&selection.tests, options.concurrency, paint.color) {
        Ok(run) => run,
        Err(error) => return complain(&no_runtime(&error), RunExit::FAILED),
    };
    let args = &options.libtest;
    let look = Look {
        paint,
        align: paint.color,
        terse: args.quiet || args.format == Some(FormatSetting::Terse),
        show_expected: args.nocapture || args.show_output,
        one_by_one: options.concurrency == 1,
    };
    let judge = Judge::new(options.slow, options.skipped);
    let mut console = Console::new(out, look, selection, judge);
    console.begin();
    while let Some(event) = run.next() {
        console.event(event);
    }
    run.close().iter().for_each(|problem| note(problem));
    if console.end(started.elapsed()) {
        RunExit::SUCCESS
    } else {
        RunExit::FAILED
    }
}

fn run_for_programs(selection: &Selection, all_names: &[String], options: &Options) -> RunExit {
    // libtest-mimic panics if it cannot create the file.
    if let Err(error) = output(options) {
        return complain(&format!("the log file: {error}"), RunExit::USAGE);
    }
    let run = match Run::start(&selection.tests, options.concurrency, false) {
        Ok(run) => run,
        Err(error) => return complain(&no_runtime(&error), RunExit::FAILED),
    };
    let judge = Judge::new(options.slow, options.skipped);
    let printed = json::print(&options.libtest, selection, all_names, run, judge);
    if let Some(run) = printed.run {
        run.close().iter().for_each(|problem| note(problem));
    }
    for notice in printed.skips.notices() {
        note(&format!("{} {}", notice.title, notice.reason));
    }
    if printed.succeeded {
        RunExit::SUCCESS
    } else {
        RunExit::FAILED
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
