//! `choreo report open`.

use std::path::PathBuf;

use choreo_report::folder::PAGE;

use super::input;
use crate::exit::{Exit, Failure};
use crate::{Outcome, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The report's folder, or its page [default: the one of this project]
    #[arg(value_name = "DIR")]
    report: Option<PathBuf>,
    /// Only print where the page is
    #[arg(long)]
    print: bool,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let page = match arguments.report {
        Some(file) if file.is_file() => file,
        folder => {
            let folder = input::folder(folder)?;
            input::merge_what_is_there(&folder)?;
            folder.join(PAGE)
        }
    };
    let page = std::path::absolute(&page)?;
    if !page.is_file() {
        return Err(Failure::usage(format!(
            "there is no page at {}; run the tests first, or name a report",
            page.display()
        )));
    }
    output::print(&format!("{}\n", page.display()));
    if !arguments.print {
        open::that_detached(&page).map_err(|error| {
            Failure::usage(format!(
                "no browser could be started ({error}); open {} yourself",
                page.display()
            ))
        })?;
    }
    Ok(Exit::Fine)
}
