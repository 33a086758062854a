//! Scenarios with what is in them: expectations, replies, messages, events.

use std::collections::BTreeMap;

use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::Value;

use super::Redactor;
use crate::model::{
    Act, Cause, Diagnosis, Difference, Encoding, Event, Handle, MatchFailure, Message, NearMiss,
    OrderViolation, Reply, Scenario, ScenarioError, Stage, Surprise, Traffic, TransportUse,
    Violation, Wants,
};

impl Redactor {
    pub(super) fn scenario(&mut self, scenario: &mut Scenario) {
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
            surprises_dropped: _,
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
            deadline_ms: _,
            window_ms: _,
            matched: _,
            near_misses,
            near_miss_count: _,
            pattern_truncated: _,
            violation,
            traffic,
            cause,
            extra,
        } = handle;
        for text in [topic, matcher_description, reason] {
            self.text(text);
        }
        self.shape(expected);
        self.value(actual);
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
            differences_dropped: _,
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
            failed_at: _,
            error_text,
            required: _,
            near_misses,
            near_miss_count: _,
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
}

/// What a payload in Base64 says, as far as it is text.
fn decoded(text: &str) -> Option<String> {
    let bytes = BASE64
        .decode(text.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(text.as_bytes()))
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
