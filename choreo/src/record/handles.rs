//! Expectations.

use std::time::Duration;

use choreo_report::model::{
    Diagnosis, Handle, HandleKind, HandleOutcome, Traffic, Violation, Wants as WantsRecord,
};
use serde_json::Value;

use super::messages::Messages;
use super::{Context, causes, handle_id, near_misses, place};
use crate::outcome::{HandleData, Outcome, Tally, Wants};

/// Characters of a payload beside its expectation; the whole is in its message.
const ACTUAL_CHARS: usize = 4000;
/// Messages that are named of one expectation.
const MATCHED: usize = 256;

/// `number` counts from one over all acts.
pub(super) fn record(
    context: &Context<'_>,
    number: u32,
    data: &HandleData,
    messages: &mut Messages<'_>,
) -> Handle {
    let mut record = Handle::new(context.topic(&data.topic), data.outcome);
    let waited = waited(context, data);
    record.id = Some(handle_id(number));
    record.act = Some(context.of.act);
    record.location = Some(place(data.location));
    record.transport = Some(context.transport(data.leg));
    if context.act.bridge().is_some() {
        let leg = context.result.leg(data.leg);
        record.correlation_id = leg.id.as_ref().map(|id| id.hashed());
    }
    let description = data.pattern.describe();
    record.matcher_description = context.ids.hidden(&description).into_owned();
    if let Some(mut shape) = data.pattern.shape() {
        context.ids.hide(&mut shape.value);
        record.expected = shape.value;
        record.truncated = shape.is_cut;
        record.pattern_truncated = shape.is_cut;
    }
    record.budget_ms = data.budget.map(Into::into);
    record.deadline_ms = data.deadline.map(|deadline| deadline.after.into());
    record.since = data.since.map(|since| handle_id(since + 1));
    counts(&mut record, data);
    matched(&mut record, data, messages);
    record.near_misses = near_misses::records(context, &data.near_misses, messages);
    if record.near_misses.is_empty()
        && let Some(late) = data.missed().and_then(|deadline| deadline.late)
    {
        record
            .near_misses
            .push(near_misses::late(context, late, messages));
    }
    record.near_miss_count = Some(data.near_miss_count);
    record.attempts = data.near_miss_count;
    record.traffic = Some(traffic(data));
    record.cause = causes::of_handle(context, data);
    if let Some(violation) = data
        .tally
        .as_ref()
        .and_then(|tally| tally.violation.as_ref())
    {
        let text = record.cause.as_ref().map(|cause| cause.text.clone());
        let mut broken = Violation::new(text.unwrap_or_default());
        broken.message = Some(messages.id_of(data.leg, &violation.message));
        record.violation = Some(broken);
    }
    record.reason = match (&record.cause, &data.note) {
        (Some(cause), _) => cause.text.clone(),
        (None, note) => note.clone().unwrap_or_default(),
    };
    judge(&mut record, data, waited);
    record.fill_failures();
    actual(&mut record, context, data);
    record
}

/// What a person wrote, rather than what the clock showed a moment later.
pub(super) fn waited(context: &Context<'_>, data: &HandleData) -> Duration {
    data.waited.min(context.of.timeout)
}

fn judge(record: &mut Handle, data: &HandleData, waited: Duration) {
    if data.interrupted {
        record.outcome = HandleOutcome::Pending;
        record.verdict = None;
        return;
    }
    record.latency_ms = data.latency.map(Into::into);
    let attempts = data.near_miss_count.max(1);
    record.diagnosis = match (data.outcome, data.latency, data.budget) {
        (Outcome::Slow, Some(latency), Some(budget)) => Diagnosis::over_budget(latency, budget),
        (Outcome::Pass | Outcome::Slow, ..) => Diagnosis::matched(),
        (Outcome::Fail, ..) => Diagnosis::near_miss(attempts, waited),
        (Outcome::Timeout, ..) => Diagnosis::silent_timeout(record.topic.clone(), waited),
        _ => Diagnosis::pending(),
    };
    if matches!(data.outcome, Outcome::Fail | Outcome::Timeout) {
        record.latency_ms.get_or_insert_with(|| waited.into());
    }
}

fn counts(record: &mut Handle, data: &HandleData) {
    let Some(tally) = data.tally.as_deref() else {
        record.kind = Some(HandleKind::Once);
        record.count = Some(u64::from(data.incoming.is_some()));
        return;
    };
    record.count = Some(tally.count);
    let window = (!tally.quiet.is_zero()).then(|| tally.quiet.into());
    record.window_ms = window;
    let mut wants = WantsRecord::default();
    wants.window_ms = window;
    record.kind = Some(match &tally.wants {
        Wants::Count { most: Some(0), .. } => {
            (wants.least, wants.most) = (Some(0), Some(0));
            HandleKind::Never
        }
        Wants::Count { least, most } => {
            (wants.least, wants.most) = (Some(*least), *most);
            HandleKind::Count
        }
        Wants::Set { size, missing } => {
            (wants.least, wants.missing) = (Some(*size as u64), missing.clone());
            HandleKind::Set
        }
    });
    record.wants = Some(wants);
}

fn matched(record: &mut Handle, data: &HandleData, messages: &mut Messages<'_>) {
    let more = data.tally.as_deref().map(more).unwrap_or_default();
    let all = data.incoming.iter().chain(more).take(MATCHED);
    record.matched = all
        .map(|message| messages.id_of(data.leg, message))
        .collect();
}

fn more(tally: &Tally) -> &[std::sync::Arc<crate::codec::Incoming>] {
    &tally.more
}

fn traffic(data: &HandleData) -> Traffic {
    let seen = data.traffic;
    let some = |count: u64| (count > 0).then_some(count);
    let mut traffic = Traffic::new(seen.received);
    traffic.other_ids = some(seen.unknown_id);
    traffic.without_id = some(seen.without_id);
    traffic.late = some(seen.late);
    traffic.undecodable = some(seen.undecodable);
    traffic
}

/// The payload that matched, or the closest one.
fn actual(record: &mut Handle, context: &Context<'_>, data: &HandleData) {
    let closest = || data.near_misses.first()?.message.as_ref();
    let Some(message) = data.incoming.as_deref().or_else(closest) else {
        return;
    };
    let mut value = match message.decoded() {
        Ok(value) => near_misses::bounded(value, ACTUAL_CHARS),
        Err(_) => {
            let text = String::from_utf8_lossy(&message.envelope().payload);
            Value::from(crate::text::shorten(&text, ACTUAL_CHARS))
        }
    };
    context.ids.hide(&mut value);
    record.truncated |=
        value.is_string() && message.decoded().is_ok_and(|whole| !whole.is_string());
    record.actual = value;
}
