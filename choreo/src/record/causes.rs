//! Why something failed, in one plain sentence.

use choreo_report::model::{Cause, CauseKind, HandleKind, HandleOutcome, Scenario};

use super::Context;
use crate::failure;
use crate::matcher::{Actual, Mismatch, MismatchKind, diff};
use crate::outcome::{
    self, HandleData, NearMiss, Outcome, ReplyReport, ReplyState, SlipKnown, Tally, Violation,
    Wants,
};
use crate::text::{Took, count, edit_distance, shorten};

/// Characters of a value in a sentence.
const VALUE_CHARS: usize = 60;
/// Characters of a sentence that others wrote.
const LINE_CHARS: usize = 200;
/// Names that differ in no more letters are taken for each other.
const NEAR_NAME: usize = 3;

/// Why an expectation failed, or came over its budget.
pub(super) fn of_handle(context: &Context<'_>, data: &HandleData) -> Option<Cause> {
    let (kind, text) = handle(context, data)?;
    Some(Cause::new(kind, context.ids.hidden(&text)))
}

fn handle(context: &Context<'_>, data: &HandleData) -> Option<(CauseKind, String)> {
    let topic = context.result.shown(&data.topic);
    if data.interrupted {
        let why = "the scenario ended before it was decided";
        return Some((CauseKind::Interrupted, format!("`{topic}`: {why}")));
    }
    match data.outcome {
        Outcome::Pass => None,
        Outcome::Slow => {
            let (latency, budget) = data.latency.zip(data.budget)?;
            let text = format!(
                "the message on `{topic}` took {}, {} over its budget of {}",
                Took(latency),
                Took(latency.saturating_sub(budget)),
                Took(budget)
            );
            Some((CauseKind::Late, text))
        }
        Outcome::Fail => {
            let (kind, text) = wrong(context, data);
            let late = failure::late(data).map(|late| format!("; one that matches {late}"));
            Some((kind, text + late.as_deref().unwrap_or_default()))
        }
        Outcome::Timeout => Some(match failure::late(data) {
            Some(late) => (CauseKind::Late, format!("the message on `{topic}` {late}")),
            None => silent(context, data),
        }),
        Outcome::Error => {
            let why = data.error.as_deref().unwrap_or("it could not be judged");
            Some((CauseKind::Other, format!("`{topic}`: {}", first_line(why))))
        }
        _ => None,
    }
}

/// What came, and was wrong or not enough.
fn wrong(context: &Context<'_>, data: &HandleData) -> (CauseKind, String) {
    let topic = context.result.shown(&data.topic);
    if let Some(tally) = data.tally.as_deref() {
        if let Some(violation) = &tally.violation {
            return violated(topic, tally, violation);
        }
        if tally.count > 0 {
            return (CauseKind::TooFew, too_few(context, data, tally));
        }
    }
    if let Some(why) = undecodable(data) {
        let came = count(data.near_miss_count, "message");
        let none = if data.near_miss_count == 1 {
            "it could not be decoded"
        } else {
            "none could be decoded"
        };
        let why = shorten(why, LINE_CHARS);
        let text = format!("{came} came on `{topic}`; {none}: {why}");
        return (CauseKind::WrongType, text);
    }
    match data.near_misses.first() {
        Some(closest) => differs(&format!("`{topic}`"), data.near_miss_count, closest),
        None => {
            let why = data.note.as_deref().unwrap_or("no message was right");
            (CauseKind::Other, format!("`{topic}`: {why}"))
        }
    }
}

/// Why the payload of the closest message did not decode, if those of all that came for it did not.
fn undecodable(data: &HandleData) -> Option<&str> {
    // Patterns over raw bytes look at such payloads, and what they miss is something else.
    let unread = |miss: &NearMiss| {
        miss.mismatch.kind == MismatchKind::TypeMismatch
            && miss.mismatch.path.is_root()
            && miss
                .message
                .as_ref()
                .is_some_and(|it| it.decoded().is_err())
    };
    if !data.near_misses.iter().all(unread) {
        return None;
    }
    data.near_misses.first()?.message.as_ref()?.decoded().err()
}

/// How the closest of some messages differs. `place` is their topic, and what they came for.
fn differs(place: &str, came: u64, closest: &NearMiss) -> (CauseKind, String) {
    let leaves: Vec<_> = diff::leaves(&closest.mismatch).collect();
    let messages = count(came, "message");
    let Some(first) = leaves.first() else {
        let text = format!("{messages} came on {place}, and none fits");
        return (CauseKind::WrongValue, text);
    };
    let kind = match first.kind {
        MismatchKind::Missing => CauseKind::MissingField,
        MismatchKind::TypeMismatch => CauseKind::WrongType,
        _ => CauseKind::WrongValue,
    };
    let difference = difference(first);
    let path = &first.path;
    let text = match (came, path.is_root()) {
        (0 | 1, true) => format!("the message on {place} {difference}"),
        (0 | 1, false) => format!("in the message on {place}, `{path}` {difference}"),
        (_, true) => format!("{messages} came on {place}; the closest {difference}"),
        (_, false) => {
            format!("{messages} came on {place}; in the closest, `{path}` {difference}")
        }
    };
    let more = match leaves.len() - 1 {
        0 => String::new(),
        1 => ", and 1 more place differs".to_owned(),
        more => format!(", and {more} more places differ"),
    };
    (kind, text + &more)
}

/// What was there instead of what: a predicate.
fn difference(leaf: &Mismatch) -> String {
    let expected = shorten(&leaf.expected, VALUE_CHARS);
    let actual = diff::render_actual(&leaf.actual, VALUE_CHARS);
    match (leaf.kind, &leaf.actual) {
        (MismatchKind::Unexpected, _) => format!("was {actual}, expected nothing"),
        (MismatchKind::Missing, _) | (_, Actual::Absent) => {
            format!("was missing, expected {expected}")
        }
        // `1000` and `"1000"` look alike to whoever does not look for it.
        (MismatchKind::TypeMismatch, Actual::Value(value)) => {
            let literal = serde_json::from_str(&leaf.expected);
            let wanted = literal.as_ref().map_or("", |literal| type_of(literal));
            format!(
                "was {}{actual}, expected {wanted}{expected}",
                type_of(value)
            )
        }
        _ => format!("was {actual}, expected {expected}"),
    }
}

/// What a value is, to be put before it.
fn type_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "",
        serde_json::Value::Bool(_) => "the bool ",
        serde_json::Value::Number(_) => "the number ",
        serde_json::Value::String(_) => "the string ",
        serde_json::Value::Array(_) => "the list ",
        serde_json::Value::Object(_) => "the object ",
    }
}

fn violated(topic: &str, tally: &Tally, violation: &Violation) -> (CauseKind, String) {
    let number = tally.count + 1;
    match &violation.cause {
        outcome::Cause::TooMany { after } if tally.forbids() => {
            let text = format!(
                "a message came on `{topic}` {} into the {} in which none may",
                Took(*after),
                Took(tally.quiet)
            );
            (CauseKind::Forbidden, text)
        }
        outcome::Cause::TooMany { after } => {
            let text = match &tally.wants {
                Wants::Count {
                    least: 1,
                    most: Some(1),
                } => format!(
                    "a duplicate came on `{topic}` {} after the first message",
                    Took(*after)
                ),
                Wants::Count { most, .. } => format!(
                    "{} came on `{topic}`, at most {} may",
                    count(number, "message"),
                    most.unwrap_or(tally.count)
                ),
                Wants::Set { .. } => format!("a message too many came on `{topic}`"),
            };
            (CauseKind::Duplicate, text)
        }
        outcome::Cause::Disorder(disorder) => {
            let path = &disorder.path;
            let shown = |value: &serde_json::Value| shorten(&value.to_string(), VALUE_CHARS);
            let text = match (&disorder.before, &disorder.value) {
                (Some(before), Some(value)) => format!(
                    "message {number} on `{topic}` was out of order: `{path}` was {} after {}",
                    shown(value),
                    shown(before)
                ),
                (None, Some(value)) => format!(
                    "message {number} on `{topic}` has no order: `{path}` was {}",
                    shown(value)
                ),
                (_, None) => {
                    format!("message {number} on `{topic}` has no order: `{path}` was missing")
                }
            };
            (CauseKind::WrongOrder, text)
        }
    }
}

fn too_few(context: &Context<'_>, data: &HandleData, tally: &Tally) -> String {
    let topic = context.result.shown(&data.topic);
    let within = failure::within(data, context.of.timeout);
    match &tally.wants {
        Wants::Count { least, .. } => format!(
            "{} of {} came on `{topic}` {within}",
            tally.count,
            count(*least, "message")
        ),
        Wants::Set { size, missing } => {
            let missing = missing
                .first()
                .map(|pattern| format!("; {} is missing", shorten(pattern, VALUE_CHARS)));
            format!(
                "{} of {} came on `{topic}` {within}{}",
                tally.count,
                count(*size as u64, "message"),
                missing.unwrap_or_default()
            )
        }
    }
}

/// Nothing came: the hop that is silent, and the best guess why.
fn silent(context: &Context<'_>, data: &HandleData) -> (CauseKind, String) {
    let topic = context.result.topic_on(data.leg, &data.topic);
    let within = failure::within(data, context.of.timeout);
    let traffic = data.traffic;
    // Something did come, and counts for nobody.
    let nothing = if traffic.without_id + traffic.unknown_id > 0 {
        "nothing of this scenario"
    } else {
        "nothing"
    };
    let hop = match sent(context) {
        Some(sent) => format!("{sent} went out, and {nothing} came back on {topic}"),
        None => format!("{nothing} came on {topic}"),
    };
    // What the test sent there itself is no answer on the wrong topic.
    let published = |leg: u32, topic: &str| {
        let mut published = context.of.published.iter();
        published.any(|own| own.leg == leg && &*own.topic == topic)
    };
    let similar = context
        .of
        .busy_topics
        .iter()
        .filter(|other| other.leg != data.leg || other.topic != data.topic)
        .filter(|other| !published(other.leg, &other.topic))
        .map(|other| (edit_distance(&other.topic, &data.topic), other))
        .filter(|(distance, _)| *distance <= NEAR_NAME)
        .min_by_key(|(distance, _)| *distance);
    let slip = context.of.slip(data);
    let slip = slip.filter(|slip| slip.known == SlipKnown::Unread);
    if traffic.all_undecodable() {
        let codec = context.result.leg(data.leg).codec.name();
        let unread = count(traffic.undecodable, "message");
        let text = format!("{hop} {within}: {unread} there could not be decoded as {codec}");
        return (CauseKind::WrongType, text);
    }
    let hint = if traffic.without_id > 0 {
        let ignored = count(traffic.without_id, "message");
        format!(": {ignored} there carried no correlation id")
    } else if traffic.unknown_id > 0 {
        let foreign = count(traffic.unknown_id, "message");
        format!(": {foreign} there carried an unknown correlation id")
    } else if let Some((_, other)) = similar {
        let topic = &other.topic;
        match &context.result.legs[other.leg as usize].label {
            Some(transport) if other.leg != data.leg => {
                format!(": some came on `{topic}` of {transport}")
            }
            _ => format!(": some came on `{topic}`"),
        }
    } else if let Some(slip) = slip {
        format!(": a message on `{}` reached nobody", slip.topic)
    } else {
        String::new()
    };
    (CauseKind::Routing, format!("{hop} {within}{hint}"))
}

/// What the test sent in the act, in words; nothing if something else began it.
fn sent(context: &Context<'_>) -> Option<String> {
    let mut topics: Vec<String> = Vec::new();
    for published in &context.of.published {
        let topic = context.result.topic_on(published.leg, &published.topic);
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    match topics.as_slice() {
        [] => None,
        [topic] => Some(topic.clone()),
        [first, second] => Some(format!("{first} and {second}")),
        [first, more @ ..] => Some(format!(
            "{first} and {}",
            count(more.len() as u64, "other message")
        )),
    }
}

/// Why a reply made the scenario fail, if it did.
pub(super) fn of_reply(context: &Context<'_>, reply: &ReplyReport) -> Option<Cause> {
    let only_replies = context.of.handles.is_empty();
    if !reply.outcome(only_replies).is_failure() {
        return None;
    }
    let topics: Vec<_> = reply
        .trigger_topics
        .iter()
        .map(|topic| format!("`{}`", context.result.shown(topic)))
        .collect();
    let topics = topics.join(", ");
    let (kind, text) = match &reply.state {
        ReplyState::Failed(error) => {
            let why = reply.error_text.as_deref().unwrap_or(error);
            let text = format!("the reply to {topics} failed: {}", first_line(why));
            (CauseKind::ReplyFailed, text)
        }
        ReplyState::ArmedNoMatch => {
            let text = format!("no message came on {topics} for the reply to answer");
            (CauseKind::Routing, text)
        }
        ReplyState::ArmedMismatched => {
            let (came, place) = (reply.candidate_count, format!("{topics} for the reply"));
            match reply.near_misses.first() {
                Some(closest) => differs(&place, came, closest),
                None => {
                    let text = format!("{} came on {place}, and none fits", count(came, "message"));
                    (CauseKind::WrongValue, text)
                }
            }
        }
        ReplyState::Answering => {
            let text = format!("the reply to {topics} was not out when the scenario ended");
            (CauseKind::Late, text)
        }
        ReplyState::Dropped | ReplyState::Replied => {
            let wanted = u64::from(reply.required_count.unwrap_or(1));
            let text = format!(
                "the reply to {topics} answered {} of {}",
                reply.reply_count,
                count(wanted, "message")
            );
            (CauseKind::TooFew, text)
        }
    };
    Some(Cause::new(kind, context.ids.hidden(&text)))
}

/// The one cause that says most.
pub(super) fn of_scenario(scenario: &Scenario, outcome: Outcome) -> Option<Cause> {
    if outcome == Outcome::Pass {
        return None;
    }
    let replies = || {
        scenario
            .replies
            .iter()
            .find_map(|reply| reply.cause.clone())
    };
    if let Some(error) = &scenario.error {
        let kind = match error.kind.as_str() {
            "publish" => CauseKind::PublishFailed,
            "lost" => CauseKind::BrokerLost,
            "reply" => CauseKind::ReplyFailed,
            _ => CauseKind::Other,
        };
        let mut text = first_line(&error.text);
        // Of a scenario that had not got so far nothing could have come.
        if matches!(
            error.kind.as_str(),
            "lost" | "refused" | "reply" | "matcher"
        ) {
            text += &awaited(scenario);
        }
        return Some(Cause::new(kind, text));
    }
    let is_interrupted = |cause: &&Cause| cause.kind == CauseKind::Interrupted;
    let causes = || scenario.handles.iter().filter_map(|it| it.cause.as_ref());
    let order = || {
        let violation = scenario.order_violations.first()?;
        let topic = |id: &str| {
            let mut handles = scenario.handles.iter();
            let handle = handles.find(|handle| handle.id.as_deref() == Some(id));
            handle.map(|handle| handle.topic.as_str())
        };
        let text = format!(
            "`{}` came {} before `{}`, which had to come first",
            topic(&violation.second)?,
            Took(violation.by_ms.into()),
            topic(&violation.first)?
        );
        Some(Cause::new(CauseKind::WrongOrder, text))
    };
    let body = || {
        let text = scenario.body_error.as_deref()?;
        Some(Cause::new(CauseKind::Other, body_line(text)))
    };
    // An expectation that is only slow is no reason for a failure.
    let failed = scenario.handles.iter().filter(|handle| {
        handle
            .exact_outcome()
            .is_some_and(|own| own.is_failure() || !outcome.is_failure())
    });
    let mut judged: Vec<_> = failed
        .filter_map(|handle| Some((handle.exact_outcome()?, handle.cause.as_ref()?)))
        .collect();
    // Of those that failed the first; what came and was wrong says more than silence.
    judged.sort_by_key(|(own, _)| match own {
        Outcome::Error => 0,
        Outcome::Fail => 1,
        _ => 2,
    });
    let handle = judged.first().map(|(_, cause)| (*cause).clone());
    // A body that panics because of a failed expectation says no more than the expectation.
    order()
        .or(handle)
        .or_else(body)
        .or_else(replies)
        .or_else(|| causes().find(is_interrupted).cloned())
}

/// What had not come when something ended the scenario.
fn awaited(scenario: &Scenario) -> String {
    let open = scenario.handles.iter().filter(|handle| {
        handle.outcome == HandleOutcome::Pending
            && handle.kind != Some(HandleKind::Never)
            && handle.count == Some(0)
    });
    let topics: Vec<_> = open.map(|handle| format!("`{}`", handle.topic)).collect();
    match topics.as_slice() {
        [] => String::new(),
        [topic] => format!("; {topic} had not come"),
        [first, more @ ..] => {
            let others = count(more.len() as u64, "other expected message");
            format!("; {first} and {others} had not come")
        }
    }
}

/// Of a panic what it says, rather than where.
fn body_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let text = match lines.next() {
        Some(message) if first.ends_with(':') => format!("{first} {message}"),
        _ => first.to_owned(),
    };
    shorten(&text, LINE_CHARS)
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    shorten(line, LINE_CHARS)
}
