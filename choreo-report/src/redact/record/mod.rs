//! Records: every text of every type of the model. Types are taken apart field by field without `..`,
//! so that a new field does not compile until someone has decided about it here.

mod scenario;

use serde_json::Value;

use super::hits::Rule;
use super::{Counts, Redactor, marker};
use crate::model::{
    CaseRow, ChoreoMeta, Ci, Location, Notice, ProcessRef, Processes, Redactions, Report, Run,
    Test, Totals, Xdist,
};

impl Redactor {
    /// Redacts a test with all that is in it. Returns what was hidden.
    pub fn test(&mut self, test: &mut Test) -> Redactions {
        self.search.refresh();
        let before = self.take_counts();
        self.test_fields(test);
        Redactions::of(&std::mem::replace(&mut self.counts, before))
    }

    /// Redacts what is known of the run as a whole, and adds what was hidden to its `redactions`. What
    /// was hidden in the tests is not in there: see [`Redactions::add`].
    pub fn run(&mut self, run: &mut Run) {
        self.search.refresh();
        let before = self.take_counts();
        self.run_fields(run);
        let hidden = Redactions::of(&std::mem::replace(&mut self.counts, before));
        run.redactions.add(&hidden);
    }

    /// Redacts a whole report. The counts of the run are then those of the run and of all tests.
    pub fn report(&mut self, report: &mut Report) {
        let Report {
            schema_version: _,
            run,
            tests,
            extra,
        } = report;
        self.run(run);
        for test in tests {
            let hidden = self.test(test);
            run.redactions.add(&hidden);
        }
        let before = self.take_counts();
        self.map(extra);
        let hidden = Redactions::of(&std::mem::replace(&mut self.counts, before));
        run.redactions.add(&hidden);
    }

    /// Takes the names of rules out of all markers of a report: version 1.3 has `<redacted>` alone.
    pub(crate) fn forget_rules(report: &mut Report) {
        let mut redactor = Self {
            only_forget: true,
            ..Self::new()
        };
        redactor.run_fields(&mut report.run);
        for test in &mut report.tests {
            redactor.test_fields(test);
        }
    }

    fn test_fields(&mut self, test: &mut Test) {
        let Test {
            nodeid,
            file,
            name,
            class,
            markers,
            choreo_meta,
            outcome: _,
            duration_ms: _,
            traceback,
            stdout,
            stderr,
            log,
            skip_reason,
            worker_id,
            scenarios,
            package,
            target,
            location,
            case,
            tags,
            rerun,
            failure_text,
            started_at: _,
            process,
            flaky: _,
            attempts: _,
            extra,
        } = test;
        for text in [nodeid, file, name, stdout, stderr, log] {
            self.text(text);
        }
        for text in [
            class,
            traceback,
            skip_reason,
            worker_id,
            package,
            target,
            rerun,
            failure_text,
        ] {
            self.option(text);
        }
        self.texts(markers);
        self.texts(tags);
        if let Some(ChoreoMeta {
            timeout_ms: _,
            tags,
            extra,
        }) = choreo_meta
        {
            self.texts(tags);
            self.map(extra);
        }
        self.location(location);
        if let Some(CaseRow {
            number: _,
            row: _,
            file,
            line: _,
            extra,
        }) = case
        {
            self.text(file);
            self.map(extra);
        }
        if let Some(ProcessRef { id, extra }) = process {
            self.text(id);
            self.map(extra);
        }
        for scenario in scenarios {
            self.scenario(scenario);
        }
        self.map(extra);
    }

    fn run_fields(&mut self, run: &mut Run) {
        let Run {
            started_at: _,
            finished_at: _,
            duration_ms: _,
            totals,
            project_name,
            transport,
            transports,
            allowlist_path,
            python_version,
            harness_version,
            reporter_version,
            git_sha,
            git_branch,
            environment,
            hostname,
            xdist,
            truncated: _,
            redactions,
            os,
            arch,
            cpus: _,
            toolchain,
            command_line,
            ci,
            git_dirty: _,
            interrupted: _,
            seed,
            processes,
            notices,
            slow_policy: _,
            extra,
        } = run;
        for text in [python_version, harness_version, reporter_version, hostname] {
            self.text(text);
        }
        for text in [
            project_name,
            transport,
            allowlist_path,
            git_sha,
            git_branch,
            environment,
            os,
            arch,
            toolchain,
            seed,
        ] {
            self.option(text);
        }
        self.texts(transports);
        self.command_line(command_line);
        if let Some(Xdist {
            workers: _,
            incomplete_workers,
            extra,
        }) = xdist
        {
            self.texts(incomplete_workers);
            self.map(extra);
        }
        if let Some(Ci {
            provider,
            url,
            run_id,
            job,
            attempt: _,
            extra,
        }) = ci
        {
            self.text(provider);
            for text in [url, run_id, job] {
                self.option(text);
            }
            self.map(extra);
        }
        for notice in notices {
            let Notice {
                kind: _,
                text,
                count: _,
                extra,
            } = notice;
            self.text(text);
            self.map(extra);
        }
        let Totals {
            passed: _,
            failed: _,
            errored: _,
            skipped: _,
            slow: _,
            total: _,
            extra: in_totals,
        } = totals;
        self.map(in_totals);
        if let Some(Processes {
            merged: _,
            lost: _,
            shards: _,
            extra,
        }) = processes
        {
            self.map(extra);
        }
        self.map(&mut redactions.extra);
        self.map(extra);
    }

    /// Words of a command line: what follows `--password` is hidden as a whole.
    pub(super) fn command_line(&mut self, words: &mut Vec<String>) {
        let mut list = Value::Array(words.drain(..).map(Value::String).collect());
        self.value(&mut list);
        if let Value::Array(list) = list {
            words.extend(list.into_iter().map(|word| match word {
                Value::String(word) => word,
                // Words stay texts.
                other => other.to_string(),
            }));
        }
    }

    fn location(&mut self, location: &mut Option<Location>) {
        if let Some(Location {
            file,
            line: _,
            column: _,
            extra,
        }) = location
        {
            self.text(file);
            self.map(extra);
        }
    }

    fn option(&mut self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn texts(&mut self, texts: &mut [String]) {
        for text in texts {
            self.text(text);
        }
    }
}

impl Redactions {
    /// What these counts say. In the words of version 1.3, values are hidden by the names of their
    /// fields, and all else is found in texts.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        let mut redactions = Self {
            redaction_version: Some(super::REDACTION_VERSION.to_owned()),
            rules: counts.clone(),
            ..Self::default()
        };
        for (rule, count) in counts {
            if rule == Rule::FIELD {
                redactions.fields += count;
            } else {
                redactions.stream_matches += count;
            }
        }
        redactions
    }

    /// What a text shows of it: its markers.
    #[must_use]
    pub(crate) fn shown_in(text: &str) -> Self {
        let mut counts = Counts::new();
        for marker in marker::markers(text) {
            let rule = marker::rule_of(&text[marker]);
            // Those of version 1.3 tell no rule.
            if !rule.is_empty() {
                *counts.entry(rule.to_owned()).or_default() += 1;
            }
        }
        Self::of(&counts)
    }

    /// Takes out what was hidden in a part.
    pub(crate) fn subtract(&mut self, part: &Self) {
        self.fields = self.fields.saturating_sub(part.fields);
        self.stream_matches = self.stream_matches.saturating_sub(part.stream_matches);
        self.rules.retain(|rule, count| {
            *count = count.saturating_sub(part.rules.get(rule).copied().unwrap_or(0));
            *count > 0
        });
    }

    /// Adds what was hidden elsewhere, such as in a test.
    pub fn add(&mut self, more: &Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.fields, more.fields);
        add(&mut self.stream_matches, more.stream_matches);
        for (rule, count) in &more.rules {
            add(self.rules.entry(rule.clone()).or_default(), *count);
        }
        if more.redaction_version > self.redaction_version {
            self.redaction_version.clone_from(&more.redaction_version);
        }
    }
}
