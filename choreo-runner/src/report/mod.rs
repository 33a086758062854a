//! The report of a run: where it goes, and what goes into it.
//!
//! Trouble here never changes what a test run says or how its process ends: it is a warning, once.

mod ci;
mod config;
mod facts;
mod git;
mod github;
mod place;
mod record;
mod run_id;
mod settings;

use std::path::PathBuf;
use std::time::Instant;

use choreo_report::folder::Folder;
use choreo_report::merge::{self, Merged, Options as MergeOptions, When};
use choreo_report::model::{CaseRow, Timestamp};
use choreo_report::partial::{Ending, Header, PartialError, PartialWriter, Planned, RunId, Runner};
use choreo_report::redact::{self, Holding, Redactor};

pub(crate) use self::run_id::common_origin;

use self::git::Question;
use self::github::GitHub;
use self::record::Clock;
use self::settings::Settings;
use crate::allowlist;
use crate::args::Options;
use crate::interrupt::Signal;
use crate::output::Step;
use crate::seed;
use crate::select::{Selected, Selection};
use crate::verdict::{Status, Verdict};

/// Reads a variable of the environment.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Writes down a run, if a report is wanted and possible.
pub(crate) struct Reporter<'a> {
    tests: &'a [Selected],
    part: Option<Part>,
    github: Option<GitHub>,
    warnings: Vec<String>,
}

/// What this process adds to the report.
struct Part {
    folder: Folder,
    run: RunId,
    header: Header,
    writer: PartialWriter,
    clock: Clock,
    /// When each test began.
    started: Vec<Option<Instant>>,
    failed: bool,
    interrupted: bool,
    git: Option<Question>,
    options: MergeOptions,
    /// Harnesses remember what they resolve as long as somebody is going to search for it.
    _secrets: Holding,
}

impl<'a> Reporter<'a> {
    /// Begins the report of a run, unless nobody wants one. From here on a process that dies is known.
    pub(crate) fn begin(selection: &'a Selection, options: &Options, krate: &str) -> Self {
        let environment = |name: &str| std::env::var(name).ok();
        let mut reporter = Self {
            tests: &selection.tests,
            part: None,
            github: None,
            warnings: Vec::new(),
        };
        // Of nothing there is nothing to report, and the last report stays. Benchmarks run no scenario.
        if selection.tests.is_empty() || options.libtest.bench {
            return reporter;
        }
        let settings = Settings::find(options, &environment, &mut reporter.warnings);
        reporter.github = settings.github.clone();
        if let Some(folder) = &settings.folder {
            match Part::begin(folder, selection, options, &settings, krate, &environment) {
                Ok(part) => reporter.part = Some(part),
                Err(error) => reporter.warn(&error),
            }
        }
        reporter
    }

    /// Whether somebody is going to read what scenarios did.
    pub(crate) fn wants_detail(&self) -> bool {
        self.part.is_some()
    }

    /// Takes over what happened. Returns at once.
    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Started(index) => {
                if let Some(part) = &mut self.part {
                    part.started(index);
                }
            }
            Step::Lingers(_) => {}
            Step::Finished(index, verdict) => {
                let Some(selected) = self.tests.get(index) else {
                    return;
                };
                if let Some(github) = &mut self.github {
                    github.finished(&selected.test, &verdict);
                }
                if let Some(part) = &mut self.part {
                    part.finished(index, selected, *verdict);
                }
            }
            Step::Interrupted(signal, open) => {
                if let Some(part) = &mut self.part {
                    part.interrupted(signal, &open);
                }
            }
        }
    }

    /// Ends the report, and makes one of the parts of all processes so far. Returns what a reader opens.
    pub(crate) fn end(mut self) -> Ended {
        let mut report = None;
        if let Some(part) = self.part.take() {
            let (run, github) = (part.run.clone(), &self.github);
            let mut no_summary = None;
            // While no other process of the run writes it too.
            let written = |merged: &Merged| {
                let summary = github.as_ref().map(|github| github.summarise(&run, merged));
                no_summary = summary.and_then(Result::err);
            };
            match part.end(written) {
                Ok(Some(merged)) => report = Some(merged.page.unwrap_or(merged.results)),
                Ok(None) => {}
                Err(error) => self.warn(&error),
            }
            if let Some(error) = no_summary {
                let warning = format!("no summary of the run for GitHub: {error}");
                self.warnings.push(warning);
            }
        }
        Ended {
            report,
            annotations: self.github.map_or_else(String::new, GitHub::annotations),
            warnings: self.warnings,
        }
    }

    fn warn(&mut self, error: &dyn std::error::Error) {
        self.warnings.push(format!(
            "no report: {error} (`--report DIR` names another folder, `--report off` asks for none)"
        ));
    }
}

/// What is left to say when a report has ended.
pub(crate) struct Ended {
    /// What a reader opens.
    pub(crate) report: Option<PathBuf>,
    /// For GitHub, if it runs us.
    pub(crate) annotations: String,
    pub(crate) warnings: Vec<String>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error(transparent)]
    Partial(#[from] PartialError),
    #[error(transparent)]
    Merge(#[from] merge::MergeError),
}

impl Part {
    fn begin(
        folder: &std::path::Path,
        selection: &Selection,
        options: &Options,
        settings: &Settings,
        krate: &str,
        environment: Environment<'_>,
    ) -> Result<Self, PartialError> {
        let folder = Folder::create(folder)?;
        let (began, origin) = (Timestamp::now(), Instant::now());
        let found = run_id::origin(&folder, environment, began);
        let run = facts::run(
            began,
            settings.project.clone(),
            &settings.workspace,
            found.command,
            options.slow.into(),
            environment,
        );
        let program = std::env::current_exe().ok();
        let target = place::target(program.as_deref(), krate);
        let tests = selection.tests.iter().map(planned).collect();
        let mut header = Header::new(std::process::id(), target, run, tests);
        header.package = environment("CARGO_PKG_NAME");
        if environment("NEXTEST").is_some() {
            header.runner = Runner::Nextest;
            let attempt = environment("NEXTEST_ATTEMPT").and_then(|attempt| attempt.parse().ok());
            header.attempt = attempt.unwrap_or(1);
        }
        let secrets = redact::hold_secrets();
        let writer = PartialWriter::create(&folder, &found.id, &header, Redactor::of_process())?;
        let git = writer
            .claims("git")
            .then(|| Question::ask(&settings.package))
            .flatten();
        Ok(Self {
            folder,
            run: found.id,
            clock: Clock {
                began,
                origin,
                run_began: writer.run_began(),
            },
            started: vec![None; header.tests.len()],
            header,
            writer,
            failed: false,
            interrupted: false,
            git,
            options: merge_options(settings),
            _secrets: secrets,
        })
    }

    fn started(&mut self, index: usize) {
        let now = Instant::now();
        if let Some(started) = self.started.get_mut(index) {
            *started = Some(now);
            self.writer.started(index, self.clock.at(now));
        }
    }

    fn finished(&mut self, index: usize, selected: &Selected, verdict: Verdict) {
        self.failed |= verdict.status == Status::Failed;
        // Who runs a test again draws the same.
        self.header.run.seed = seed::used().map(|seed| seed.to_string());
        let started = self.started.get(index).copied().flatten();
        let shown = record::ended(
            &self.header,
            index,
            &selected.test,
            verdict,
            started,
            &self.clock,
        );
        if let Some(shown) = shown {
            self.writer.ended(index, shown);
        }
    }

    fn interrupted(&mut self, signal: Signal, open: &[usize]) {
        self.failed = true;
        // Nextest ends a test so whose time is up; the run goes on.
        self.interrupted = !(signal == Signal::Terminate && self.header.runner == Runner::Nextest);
        for index in open {
            let started = self.started.get(*index).copied().flatten();
            let shown = record::stopped(&self.header, *index, signal, started, &self.clock);
            if let Some(shown) = shown {
                self.writer.ended(*index, shown);
            }
        }
    }

    fn end(self, written: impl FnMut(&Merged)) -> Result<Option<Merged>, ReportError> {
        let mut ending = Ending::default();
        ending.interrupted = self.interrupted;
        ending.seed = seed::used();
        ending.allowlist = allowlist::noted().map(|file| {
            let mut path = file.display().to_string();
            Redactor::of_process().text(&mut path);
            path
        });
        ending.git = self.git.and_then(Question::answer);
        self.writer.end(ending)?;
        let when = match self.header.runner {
            Runner::Nextest => When::Affordable {
                failed: self.failed,
            },
            _ => When::Now,
        };
        let (folder, options) = (&self.folder, &self.options);
        let merged = merge::finish_process_with(folder, &self.run, when, options, written)?;
        Ok(merged)
    }
}

fn merge_options(settings: &Settings) -> MergeOptions {
    #[cfg_attr(
        not(feature = "junit"),
        expect(unused_mut, reason = "there is nothing to choose")
    )]
    let mut options = MergeOptions::default();
    #[cfg(feature = "junit")]
    {
        options.junit = settings.junit;
    }
    #[cfg(not(feature = "junit"))]
    debug_assert!(!settings.junit, "it was refused");
    options
}

fn planned(selected: &Selected) -> Planned {
    let case = selected.test.case;
    let mut planned = Planned::new(selected.test.name.clone(), case.file, case.line);
    planned.case = case.row.map(CaseRow::from);
    planned.tags = case.tags.iter().map(|tag| (*tag).to_owned()).collect();
    planned.ignored = selected.ignored;
    planned
}
