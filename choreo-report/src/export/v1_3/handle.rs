//! Expectations in version 1.3: what the outcome demands of the other fields.

use serde_json::Value;

use crate::model::{
    Diagnosis, DiagnosisKind, Handle, HandleOutcome, MatchFailure, Millis, MismatchKind,
};

use super::Cuts;
use super::rules::{is_hash, transport_name};

const FAILURES: usize = 20;

pub(super) fn export(handle: &mut Handle, transports: Option<&[String]>, cuts: &mut Cuts) {
    place(handle, transports);
    failures(handle, cuts);
    judge(handle);

    handle.extra.clear();
    handle.id = None;
    handle.act = None;
    handle.location = None;
    handle.verdict = None;
    handle.kind = None;
    handle.wants = None;
    handle.count = None;
    handle.since = None;
    handle.deadline_ms = None;
    handle.window_ms = None;
    handle.matched.clear();
    handle.near_misses.clear();
    handle.near_miss_count = None;
    handle.pattern_truncated = false;
    handle.violation = None;
    handle.traffic = None;
    handle.cause = None;
}

/// Transport and id are only there if the scenario has several transports.
fn place(handle: &mut Handle, transports: Option<&[String]>) {
    let Some(transports) = transports else {
        handle.transport = None;
        handle.correlation_id = None;
        return;
    };
    let name = handle.transport.as_deref().map(transport_name);
    handle.transport = name.or_else(|| transports.first().cloned());
    handle.correlation_id = handle.correlation_id.take().filter(|id| is_hash(id));
}

fn failures(handle: &mut Handle, cuts: &mut Cuts) {
    if handle.failures.is_empty() && handle.failure.is_none() {
        let dropped = handle.failures_dropped;
        handle.fill_failures();
        handle.failures_dropped = handle.failures_dropped.max(dropped);
    }
    let over = handle.failures.len().saturating_sub(FAILURES);
    handle.failures.truncate(FAILURES);
    handle.failures_dropped = handle.failures_dropped.saturating_add(over as u64);
    cuts.failures += over as u64;
    for failure in handle.failure.iter_mut().chain(&mut handle.failures) {
        clean(failure);
    }
}

fn clean(failure: &mut MatchFailure) {
    failure.extra.clear();
    if let MismatchKind::Unknown(_) = failure.kind {
        failure.kind = MismatchKind::Mismatch;
    }
    failure.children.iter_mut().for_each(clean);
}

/// Makes outcome, diagnosis and numbers agree.
fn judge(handle: &mut Handle) {
    // A budget of nothing cannot be said.
    handle.budget_ms = handle.budget_ms.filter(|budget| *budget > Millis::ZERO);
    let rejected = handle.attempts.max(handle.near_miss_count.unwrap_or(0));
    let rejected = rejected.max(handle.failures.len() as u64);
    let rejected = rejected.max(u64::from(handle.violation.is_some()));
    handle.outcome = match handle.outcome {
        // Without a budget nothing can be over it.
        HandleOutcome::Slow if handle.budget_ms.is_none() || handle.latency_ms.is_none() => {
            HandleOutcome::Pass
        }
        // Failures are messages that were rejected. Where none was, it was something else that kept the
        // expectation from being judged; the reason says what.
        HandleOutcome::Fail if rejected == 0 => HandleOutcome::Pending,
        outcome => outcome,
    };
    let waited = handle
        .diagnosis
        .deadline_ms
        .or(handle.latency_ms)
        .unwrap_or_default();
    match handle.outcome {
        HandleOutcome::Fail => handle.attempts = rejected,
        HandleOutcome::Pass | HandleOutcome::Slow => handle.failure = None,
        HandleOutcome::Timeout | HandleOutcome::Pending => {
            handle.failure = None;
            handle.actual = Value::Null;
        }
    }
    if matches!(handle.outcome, HandleOutcome::Fail | HandleOutcome::Timeout) {
        handle.latency_ms.get_or_insert(waited);
    }
    let latency = handle.latency_ms.unwrap_or_default();
    let told = std::mem::replace(&mut handle.diagnosis, Diagnosis::pending());
    handle.diagnosis = match handle.outcome {
        HandleOutcome::Pass => Diagnosis::matched(),
        HandleOutcome::Pending => Diagnosis::pending(),
        HandleOutcome::Slow => Diagnosis::over_budget(
            told.latency_ms.unwrap_or(latency),
            told.budget_ms.or(handle.budget_ms).unwrap_or_default(),
        ),
        HandleOutcome::Fail => {
            let told = told
                .attempts
                .filter(|_| told.kind == DiagnosisKind::NearMiss);
            Diagnosis::near_miss(told.unwrap_or(rejected).max(1), waited)
        }
        HandleOutcome::Timeout => {
            let topic = told.topic.unwrap_or_else(|| handle.topic.clone());
            Diagnosis::silent_timeout(topic, waited)
        }
    };
}
