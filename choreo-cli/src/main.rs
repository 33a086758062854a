//! The command `choreo`.
//!
//! Reads arguments and turns results into exit codes; what is done is in [`report`], and what is known
//! of reports in `choreo-report`.
#![forbid(unsafe_code)]

mod exit;
mod output;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};

/// Tests for message-driven systems: what belongs to them beside `cargo test`.
#[derive(Debug, Parser)]
#[command(name = "choreo", version, arg_required_else_help = true)]
#[command(after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open, merge, show, export, compare and send reports of test runs.
    #[command(subcommand, arg_required_else_help = true, after_help = exit::HELP)]
    Report(report::Command),
}

fn main() -> ExitCode {
    // Ends with 2 by itself if the arguments are wrong.
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Report(command) => report::run(command),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::error(&failure);
            failure.exit()
        }
    }
}

/// What every command gives: how it ended, or why it could not.
type Outcome = Result<Exit, Failure>;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
