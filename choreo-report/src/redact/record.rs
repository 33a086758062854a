//! Records: every text of every type of the model. Types are taken apart field by field without `..`,
//! so that a new field does not compile until someone has decided about it here.

use std::collections::BTreeMap;

use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::Value;

use super::hits::Rule;
use super::{Counts, Redactor};
use crate::model::{
    Act, Cause, ChoreoMeta, Ci, Diagnosis, Difference, Encoding, Event, Handle, Location,
    MatchFailure, Message, NearMiss, Notice, OrderViolation, ProcessRef, Processes, Redactions,
    Reply, Report, Run, Scenario, ScenarioError, Stage, Surprise, Test, Totals, Traffic,
    TransportUse, Violation, Wants, Xdist,
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

    fn scenario(&mut self, scenario: &mut Scenario) {
        let Scenario {
            name,
            correlation_id,
            outcome: _,
            duration_ms: _,
            completed_normally: _,
            handles,
            timeline,
            timeline_dropped: _,
            replies,
            summary_text,
            stage,
            verdict: _,
            started_ms: _,
            timeout_ms: _,
            error,
            body_error,
            transports,
            acts,
            messages,
            messages_dropped: _,
            surprises,
            order_violations,
            cause,
            extra,
        } = scenario;
        for text in [name, summary_text] {
            self.text(text);
        }
        for text in [correlation_id, body_error] {
            self.option(text);
        }
        for handle in handles {
            self.handle(handle);
        }
        for event in timeline {
            self.event(event);
        }
        for reply in replies {
            self.reply(reply);
        }
        if let Some(Stage {
            bridge_class,
            transports,
            correlation_ids,
            extra,
        }) = stage
        {
            self.text(bridge_class);
            self.texts(transports);
            for id in correlation_ids.values_mut() {
                self.text(id);
            }
            self.map(extra);
        }
        self.cause(cause);
        if let Some(ScenarioError { kind, text, extra }) = error {
            self.text(kind);
            self.text(text);
            self.map(extra);
        }
        for transport in transports {
            let TransportUse {
                name,
                kind,
                endpoint,
                extra,
            } = transport;
            self.text(name);
            self.text(kind);
            self.option(endpoint);
            self.map(extra);
        }
        for act in acts {
            let Act {
                index: _,
                outcome: _,
                start_ms: _,
                trigger_ms: _,
                end_ms: _,
                timeout_ms: _,
                extra,
            } = act;
            self.map(extra);
        }
        for message in messages {
            self.message(message);
        }
        for surprise in surprises {
            let Surprise {
                topic,
                transport,
                id,
                size: _,
                class,
                extra,
            } = surprise;
            self.text(topic);
            self.text(class);
            self.option(transport);
            self.option(id);
            self.map(extra);
        }
        for violation in order_violations {
            let OrderViolation {
                first,
                second,
                by_ms: _,
                location,
                extra,
            } = violation;
            self.text(first);
            self.text(second);
            self.location(location);
            self.map(extra);
        }
        self.map(extra);
    }

    fn handle(&mut self, handle: &mut Handle) {
        let Handle {
            topic,
            outcome: _,
            latency_ms: _,
            budget_ms: _,
            matcher_description,
            expected,
            actual,
            attempts: _,
            reason,
            truncated: _,
            failure,
            failures,
            failures_dropped: _,
            diagnosis,
            transport,
            correlation_id,
            id: _,
            act: _,
            location,
            verdict: _,
            kind: _,
            wants,
            count: _,
            since: _,
            window_ms: _,
            matched: _,
            near_misses,
            near_miss_count: _,
            violation,
            traffic,
            cause,
            extra,
        } = handle;
        for text in [topic, matcher_description, reason] {
            self.text(text);
        }
        for value in [expected, actual] {
            self.value(value);
        }
        for failure in failure.iter_mut().chain(failures) {
            self.match_failure(failure);
        }
        let Diagnosis {
            kind: _,
            latency_ms: _,
            budget_ms: _,
            attempts: _,
            topic,
            deadline_ms: _,
            extra: in_diagnosis,
        } = diagnosis;
        for text in [topic, transport, correlation_id] {
            self.option(text);
        }
        self.map(in_diagnosis);
        self.location(location);
        if let Some(Wants {
            least: _,
            most: _,
            window_ms: _,
            missing,
            extra,
        }) = wants
        {
            self.texts(missing);
            self.map(extra);
        }
        for near_miss in near_misses {
            self.near_miss(near_miss);
        }
        if let Some(Violation {
            message: _,
            text,
            extra,
        }) = violation
        {
            self.text(text);
            self.map(extra);
        }
        if let Some(Traffic {
            received: _,
            other_ids: _,
            without_id: _,
            late: _,
            undecodable: _,
            extra,
        }) = traffic
        {
            self.map(extra);
        }
        self.cause(cause);
        self.map(extra);
    }

    fn cause(&mut self, cause: &mut Option<Cause>) {
        if let Some(Cause {
            kind: _,
            text,
            extra,
        }) = cause
        {
            self.text(text);
            self.map(extra);
        }
    }

    fn match_failure(&mut self, failure: &mut MatchFailure) {
        let MatchFailure {
            kind: _,
            path,
            expected,
            actual,
            children,
            extra,
        } = failure;
        self.value_at(path, expected);
        self.value_at(path, actual);
        self.text(path);
        for child in children {
            self.match_failure(child);
        }
        self.map(extra);
    }

    fn near_miss(&mut self, near_miss: &mut NearMiss) {
        let NearMiss {
            message: _,
            offset_ms: _,
            score: _,
            differences,
            extra,
        } = near_miss;
        for difference in differences {
            let Difference {
                path,
                kind: _,
                expected,
                actual,
                extra,
            } = difference;
            for value in [expected, actual].into_iter().flatten() {
                self.value_at(path, value);
            }
            self.text(path);
            self.map(extra);
        }
        self.map(extra);
    }

    fn event(&mut self, event: &mut Event) {
        let Event {
            offset_ms: _,
            wall_clock: _,
            action: _,
            detail,
            topic,
            transport,
            logical_topic,
            source: _,
            id: _,
            parent: _,
            message: _,
            handle: _,
            reply: _,
            act: _,
            extra,
        } = event;
        self.text(detail);
        for text in [topic, transport, logical_topic] {
            self.option(text);
        }
        self.map(extra);
    }

    fn reply(&mut self, reply: &mut Reply) {
        let Reply {
            trigger_topic,
            reply_topic,
            state: _,
            matcher_description,
            candidate_count: _,
            match_count: _,
            reply_published: _,
            builder_error,
            correlation_overridden: _,
            trigger_transport,
            response_transport,
            id: _,
            act: _,
            location,
            transport,
            answers: _,
            error_text,
            required: _,
            near_misses,
            trigger_messages: _,
            response_messages: _,
            cause,
            extra,
        } = reply;
        self.cause(cause);
        for text in [trigger_topic, reply_topic, matcher_description] {
            self.text(text);
        }
        for text in [
            builder_error,
            trigger_transport,
            response_transport,
            transport,
            error_text,
        ] {
            self.option(text);
        }
        self.location(location);
        for near_miss in near_misses {
            self.near_miss(near_miss);
        }
        self.map(extra);
    }

    fn message(&mut self, message: &mut Message) {
        let Message {
            id: _,
            topic,
            transport,
            direction: _,
            offset_ms: _,
            key,
            headers,
            metadata,
            reply_to,
            size: _,
            encoding,
            payload,
            truncated: _,
            extra,
        } = message;
        self.text(topic);
        for text in [transport, key, reply_to] {
            self.option(text);
        }
        for fields in [headers, metadata] {
            self.fields(fields);
        }
        if let Some(payload) = payload {
            match (&*encoding, payload.as_str().and_then(decoded)) {
                (Encoding::Base64, Some(text)) if !self.only_forget => match self.rule_in(&text) {
                    Some(rule) => self.hide(payload, rule),
                    None => self.value(payload),
                },
                _ => self.value(payload),
            }
        }
        self.map(extra);
    }

    fn fields(&mut self, fields: &mut BTreeMap<String, Value>) {
        for (name, value) in std::mem::take(fields) {
            let mut value = value;
            self.named_value(&name, &mut value);
            let mut name = name;
            self.text(&mut name);
            // Two names that are hidden alike are one too few.
            while fields.contains_key(&name) {
                name.push('+');
            }
            fields.insert(name, value);
        }
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

/// What a payload in Base64 says, as far as it is text.
fn decoded(text: &str) -> Option<String> {
    let bytes = BASE64
        .decode(text.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(text.as_bytes()))
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
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

    /// Adds what was hidden elsewhere, such as in a test.
    pub fn add(&mut self, more: &Self) {
        self.fields += more.fields;
        self.stream_matches += more.stream_matches;
        for (rule, count) in &more.rules {
            *self.rules.entry(rule.clone()).or_default() += count;
        }
        if more.redaction_version > self.redaction_version {
            self.redaction_version.clone_from(&more.redaction_version);
        }
    }
}
