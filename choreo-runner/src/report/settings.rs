//! What is wanted: by the command line, by the environment, by `choreo.toml`, in that order.

use std::path::{Path, PathBuf};

use super::github::GitHub;
use super::{Environment, config, place};
use crate::args::{Options, ReportWish};

/// What is wanted.
#[derive(Debug)]
pub(super) struct Settings {
    /// Where the report is written, if it is.
    pub(super) folder: Option<PathBuf>,
    /// Whether `junit.xml` is written beside it.
    pub(super) junit: bool,
    /// If GitHub runs us and is to be told.
    pub(super) github: Option<GitHub>,
    /// What `choreo.toml` calls the project.
    pub(super) project: Option<String>,
    /// The package under test.
    pub(super) package: PathBuf,
    /// Its workspace.
    pub(super) workspace: PathBuf,
}

impl Settings {
    pub(super) fn find(
        options: &Options,
        environment: Environment<'_>,
        warnings: &mut Vec<String>,
    ) -> Self {
        let package = place::package(environment);
        let workspace = place::workspace(&package);
        let config = config::discover(&package).unwrap_or_else(|error| {
            warnings.push(format!("{error}; the section [report] counts as empty"));
            None
        });
        let config = config.unwrap_or_default();
        let folder = match &options.report {
            ReportWish::Off => None,
            // Not below the workspace, where it would be a folder of that name: it is refused.
            ReportWish::At(folder) if folder.starts_with("~") => Some(folder.clone()),
            ReportWish::At(folder) => Some(workspace.join(folder)),
            ReportWish::Unsaid => match config.dir {
                Some(word) if word == Path::new("off") => None,
                Some(folder) => Some(folder),
                None => {
                    let program = std::env::current_exe().ok();
                    place::default_folder(program.as_deref(), environment)
                }
            },
        };
        let mut junit = options.junit.or(config.junit).unwrap_or(false) && folder.is_some();
        if junit && !cfg!(feature = "junit") {
            junit = false;
            warnings.push(
                "no junit.xml: the feature `junit` of choreo-harness is off; switch it on, or make the file \
                 with `choreo report export --junit`"
                    .to_owned(),
            );
        }
        let wanted = options.github.or(config.github).unwrap_or(true);
        Self {
            folder,
            junit,
            github: GitHub::detect(&workspace, environment).filter(|_| wanted),
            project: config.project,
            package,
            workspace,
        }
    }
}
