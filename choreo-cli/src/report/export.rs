//! `choreo report export`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use choreo_report::export::{junit, markdown, v1_3};
use choreo_report::model::Report;
use choreo_report::write::{self, AtomicFile};
use clap::ValueEnum;

use super::input;
use crate::exit::{Exit, Failure};
use crate::{Outcome, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The report, or its folder [default: the one of this project]
    #[arg(value_name = "FILE")]
    report: Option<PathBuf>,
    /// The file that is written [default: the standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Format {
    /// JSON of this version, for programs that know no later one
    #[arg(long, value_name = "VERSION")]
    schema: Option<Schema>,
    /// JUnit XML, for CI servers
    #[arg(long)]
    junit: bool,
    /// Markdown, for an issue or the summary of a CI job
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Schema {
    #[value(name = "1.3")]
    V1_3,
    #[value(name = "1.4")]
    V1_4,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let report = input::load(&input::file(arguments.report)?)?.into_report();
    let text = match arguments.format {
        Format { junit: true, .. } => junit::render(&report)?.into_bytes(),
        Format { markdown: true, .. } => markdown::render(&report).into_bytes(),
        Format {
            schema: Some(Schema::V1_3),
            ..
        } => {
            let exported = v1_3::export(report);
            if exported.cuts.total() > 0 {
                output::note(&format!(
                    "the limits of version 1.3 cut {}; the export says that it is truncated",
                    exported.cuts
                ));
            }
            serde_json::to_vec(&exported.report)?
        }
        Format { .. } => latest(&report)?,
    };
    match &arguments.output {
        Some(path) => save(path, &text)?,
        // As it is: a program reads it.
        None => {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(&text).and_then(|()| out.flush());
        }
    }
    Ok(Exit::Fine)
}

/// The version that is written now.
pub(super) fn latest(report: &Report) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    write::to_writer(&mut text, report)?;
    Ok(text)
}

fn save(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(text)
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    file.commit()?;
    Ok(())
}
