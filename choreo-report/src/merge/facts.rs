//! What the parts of a run say about the run as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{Notice, NoticeKind, Processes, Redactions, Run, Timestamp, Totals};
use crate::partial::{End, Git, Header};
use crate::redact::REDACTION_VERSION;

/// Gathers what becomes the run of the report.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The run of the part that began first.
    first: Option<Run>,
    finished: Option<Timestamp>,
    redactions: Redactions,
    transports: BTreeSet<String>,
    stage: bool,
    git: Option<Git>,
    commits: BTreeSet<String>,
    seeds: BTreeSet<String>,
    allowlist: Option<String>,
    interrupted: bool,
    /// By kind and text, in that order, so that equal ones of several parts become one.
    notices: BTreeMap<(String, String), Notice>,
    /// Complete parts.
    pub(super) merged: u64,
    /// Processes that died.
    pub(super) lost: u64,
    /// Files that are no partials, or whose first line is torn.
    pub(super) unreadable: u64,
    /// Lines that are none.
    pub(super) torn: u64,
    /// Tests of processes that live.
    pub(super) running: u64,
    /// Ends of tests that ended again later.
    pub(super) repeated: u64,
    /// Reports that were merged.
    pub(super) shards: u64,
    /// More may come after this report.
    pub(super) unfinished: bool,
}

impl Facts {
    pub(super) fn add_process(&mut self, header: &Header) {
        self.finished_at(header.run.started_at);
        self.begin(header.run.clone());
    }

    /// Takes over what a whole report says about its run.
    pub(super) fn add_report(&mut self, mut run: Run) {
        self.shards += 1;
        self.finished_at(run.finished_at);
        // Its tests have been taken out. What is left by rules is hidden in the run itself, and shows if this one is
        // kept; what is left without them is of tests again: version 1.3 tells no rules.
        let own = Redactions::of(&run.redactions.rules);
        let mut of_tests = run.redactions.clone();
        of_tests.subtract(&own);
        run.redactions.subtract(&of_tests);
        self.add_redactions(&of_tests);
        self.transports.extend(std::mem::take(&mut run.transports));
        match run.transport.take() {
            Some(transport) if transport != UNKNOWN => {
                self.transports.insert(transport);
            }
            Some(_) => {}
            None => self.stage = true,
        }
        let processes = run.processes.take().unwrap_or_else(|| Processes::new(1, 0));
        // Numbers that were read need not be true.
        self.merged = self.merged.saturating_add(processes.merged);
        self.lost = self.lost.saturating_add(processes.lost);
        self.interrupted |= run.interrupted;
        for notice in run.notices.drain(..) {
            self.notice(notice);
        }
        self.begin(run);
    }

    fn begin(&mut self, run: Run) {
        self.commits.extend(run.git_sha.clone());
        self.seeds.extend(run.seed.clone());
        self.allowlist = self.allowlist.take().or_else(|| run.allowlist_path.clone());
        match &self.first {
            Some(first) if first.started_at <= run.started_at => {}
            _ => self.first = Some(run),
        }
    }

    pub(super) fn finished_at(&mut self, at: Timestamp) {
        self.finished = self.finished.max(Some(at));
    }

    pub(super) fn add_end(&mut self, end: End) {
        self.finished_at(end.at);
        self.interrupted |= end.interrupted;
        self.seeds.extend(end.seed.map(|seed| seed.to_string()));
        self.allowlist = self.allowlist.take().or(end.allowlist);
        for notice in end.notices {
            self.notice(notice);
        }
        if let Some(git) = end.git {
            self.commits.extend(git.sha.clone());
            self.git = Some(git);
        }
    }

    pub(super) fn add_transports(&mut self, names: Vec<String>, stage: bool) {
        self.transports.extend(names);
        self.stage |= stage;
    }

    pub(super) fn add_redactions(&mut self, more: &Redactions) {
        self.redactions.add(more);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        let key = (notice.kind.as_str().to_owned(), notice.text.clone());
        match self.notices.get_mut(&key) {
            Some(known) => known.count = known.count.saturating_add(notice.count),
            None => {
                self.notices.insert(key, notice);
            }
        }
    }

    /// Notices about the merge itself: what is missing from it, or has been left out.
    fn own_notices(&mut self) {
        let own = [
            (
                NoticeKind::Lost,
                self.lost,
                "a process ended before its scenarios did: they are shown as errors, with what is known",
            ),
            (
                NoticeKind::Lost,
                self.unreadable,
                "what a process wrote could not be read: its scenarios are missing",
            ),
            (
                NoticeKind::Lost,
                self.torn,
                "a line that a process wrote could not be read",
            ),
            (
                NoticeKind::Merged,
                self.running,
                "a scenario had not ended when this was written",
            ),
            (
                NoticeKind::Merged,
                u64::from(self.unfinished),
                "this was written while the run went on, so the last scenarios may be missing: \
                 `choreo report show` adds them",
            ),
            (
                NoticeKind::Merged,
                self.repeated,
                "a scenario ran more than once: its last attempt is shown",
            ),
            (
                NoticeKind::Merged,
                if self.commits.len() > 1 {
                    self.commits.len() as u64
                } else {
                    0
                },
                "the parts of this report are of different commits",
            ),
            (
                NoticeKind::Interrupted,
                u64::from(self.interrupted),
                "the run was stopped before its end",
            ),
        ];
        for (kind, count, text) in own {
            if count > 0 {
                // Reports that were merged may say the same of themselves, with numbers that are in ours.
                let key = (kind.as_str().to_owned(), text.to_owned());
                let known = self.notices.remove(&key).map_or(0, |notice| notice.count);
                self.notice(Notice::new(kind, text, count.max(known)));
            }
        }
    }

    /// The run of the report; none if there was no part at all. Its totals are still to be counted.
    pub(super) fn into_run(mut self) -> Option<Run> {
        self.own_notices();
        let mut run = self.first?;
        let finished = self.finished.unwrap_or(run.started_at).max(run.started_at);
        let took = finished
            .as_micros()
            .saturating_sub(run.started_at.as_micros());
        run.finished_at = finished;
        run.duration_ms = Duration::from_micros(u64::try_from(took).unwrap_or_default()).into();
        run.totals = Totals::default();
        run.interrupted = self.interrupted;
        run.allowlist_path = self.allowlist;
        // Of several none would repeat the run; failures name their own.
        run.seed = self.seeds.pop_first().filter(|_| self.seeds.is_empty());
        run.redactions.add(&self.redactions);
        if let Some(git) = self.git {
            run.git_sha = git.sha.or(run.git_sha);
            run.git_branch = git.branch.or(run.git_branch);
            run.git_dirty = git.dirty.or(run.git_dirty);
        }
        let mut processes = Processes::new(self.merged, self.lost);
        processes.shards = (self.shards > 1).then_some(self.shards);
        run.processes = Some(processes);
        run.transport = match self.transports.len() {
            0 => Some(UNKNOWN.to_owned()),
            1 if !self.stage => self.transports.pop_first(),
            _ => None,
        };
        if run.transport.is_none() {
            // What version 1.3 asks for where there are several.
            run.transports = self.transports.into_iter().collect();
            let version = run.redactions.redaction_version.take();
            run.redactions.redaction_version =
                version.or_else(|| Some(REDACTION_VERSION.to_owned()));
        }
        run.truncated = self.notices.values().any(|notice| {
            matches!(
                notice.kind,
                NoticeKind::Dropped | NoticeKind::Cut | NoticeKind::Lost
            )
        });
        run.notices = self.notices.into_values().collect();
        Some(run)
    }
}

/// What version 1.3 calls the transport of a run in which no scenario used one.
const UNKNOWN: &str = "unknown";
