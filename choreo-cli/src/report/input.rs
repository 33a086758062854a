//! Which report is meant, and reading it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use choreo_report::folder::{Folder, RESULTS};
use choreo_report::merge::{self, merge_latest};
use choreo_report::read::{self, Loaded};
use serde::Deserialize;

use crate::exit::Failure;
use crate::output;

/// Where reports go below a target folder.
const BELOW_TARGET: &str = "choreo/report";

/// The folder that is named, or that of the project around the current folder.
pub(super) fn folder(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(folder) = named {
        return Ok(folder);
    }
    let here = env::current_dir()
        .map_err(|error| Failure::usage(format!("cannot find the current folder: {error}")))?;
    // Under these names the runner finds it, in this order.
    if let Some(folder) = variable("CHOREO_REPORT_DIR") {
        return Ok(workspace(&here).join(folder));
    }
    if let Some(folder) = configured(&here)? {
        return Ok(folder);
    }
    let target = variable("CARGO_TARGET_DIR").map(|target| here.join(target));
    let targets = here.ancestors().map(|folder| folder.join("target"));
    target
        .into_iter()
        .chain(targets)
        .map(|target| target.join(BELOW_TARGET))
        .find(|folder| folder.is_dir())
        .ok_or_else(|| {
            Failure::usage(format!(
                "there is no report: no `target/{BELOW_TARGET}` in {} or above; run the tests first, or name a report",
                here.display()
            ))
        })
}

/// A file, or the `results.json` of a folder; first what is in that folder is merged.
pub(super) fn file(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(path) = &named
        && !path.is_dir()
    {
        return Ok(path.clone());
    }
    let folder = folder(named)?;
    merge_what_is_there(&folder)?;
    let results = folder.join(RESULTS);
    if results.is_file() {
        Ok(results)
    } else {
        Err(Failure::usage(format!(
            "{} holds no {RESULTS}; run the tests first, or name a report",
            folder.display()
        )))
    }
}

/// Merges what processes left in a folder, if it is a folder of ours and its report does not have it.
pub(super) fn merge_what_is_there(folder: &Path) -> Result<(), Failure> {
    // Reports that were copied from elsewhere are read as they are.
    let Ok(ours) = Folder::open(folder) else {
        return Ok(());
    };
    merge_latest(&ours, &merge::Options::default())?;
    Ok(())
}

/// Reads a report, and says on the standard error output what should be known about the reading.
pub(super) fn load(path: &Path) -> Result<Loaded, Failure> {
    let loaded = read::from_path(path).map_err(|error| {
        let failure = Failure::from(error).to_string();
        let shown = path.display().to_string();
        if failure.contains(&shown) {
            Failure::usage(failure)
        } else {
            Failure::usage(format!("{shown}: {failure}"))
        }
    })?;
    for notice in &loaded.notices {
        output::note(&format!("{}: {notice}", path.display()));
    }
    Ok(loaded)
}

pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The nearest folder with a `Cargo.lock`: what is relative is relative to it.
fn workspace(here: &Path) -> &Path {
    here.ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(here)
}

#[derive(Deserialize)]
struct Config {
    report: Option<ReportConfig>,
}

#[derive(Deserialize)]
struct ReportConfig {
    dir: Option<PathBuf>,
}

/// What the nearest `choreo.toml` with a section `[report]` says.
fn configured(here: &Path) -> Result<Option<PathBuf>, Failure> {
    for folder in here.ancestors() {
        let path = folder.join("choreo.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let config: Config = toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        if let Some(report) = config.report {
            return match report.dir {
                Some(dir) if dir == Path::new("off") => Ok(None),
                dir => Ok(dir.map(|dir| folder.join(dir))),
            };
        }
    }
    Ok(None)
}
