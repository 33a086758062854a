//! `choreo report`: one module for each command.

mod diff;
mod export;
mod input;
mod merge;
mod open;
mod push;
mod show;

use clap::Subcommand;

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open the report of the last run in the browser.
    ///
    /// Before that, what the processes of the run left behind is merged, if the report does not have all
    /// of it yet.
    Open(open::Arguments),
    /// Merge reports, and parts of reports, into one.
    ///
    /// For the shards of a CI job, or for what a run that was killed left behind. Of several ends of one
    /// test the last counts.
    Merge(merge::Arguments),
    /// Show a report on the terminal: the verdict, the failures by cause, the slowest expectations.
    ///
    /// Ends with 1 if tests failed. Reads reports of every version since 1.0, also of the Python tool.
    Show(show::Arguments),
    /// Write a report in another format.
    #[command(arg_required_else_help = true)]
    Export(export::Arguments),
    /// Compare two reports: new failures, fixed tests, slower messages.
    ///
    /// Ends with 1 if the later run is worse: a test fails that did not, or messages became slower.
    Diff(diff::Arguments),
    /// Send a report to a Chronicle server.
    ///
    /// The same report has the same idempotency key each time, so sending it again does no harm.
    Push(push::Arguments),
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Open(arguments) => open::run(arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Push(arguments) => push::run(arguments),
    }
}
