//! `choreo report merge`.

use std::path::PathBuf;

use choreo_report::folder::Folder;
use choreo_report::merge::{self, merge};

use super::input;
use crate::exit::Exit;
use crate::{Outcome, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Report folders, `results.json` files, and folders or files of parts
    #[arg(value_name = "DIR", required = true)]
    inputs: Vec<PathBuf>,
    /// The folder that the merged report is written to
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let folder = Folder::create(&arguments.output)?;
    let merged = merge(&arguments.inputs, &folder, &merge::Options::default())?;
    let report = input::load(&merged.results)?.report;
    output::print(&format!(
        "{}\n{}\n",
        output::safe(&choreo_report::causes::verdict(&report)),
        merged.results.display()
    ));
    for notice in choreo_report::causes::notices(&report) {
        output::note(&notice.to_string());
    }
    Ok(Exit::Fine)
}
