//! All causes of a test's outcome, the first before the others, and where in the test each is.

use crate::causes;
use crate::model::{
    CauseKind, Handle, HandleOutcome, Outcome, Reply, ReplyState, Scenario, Test, TestOutcome,
};

/// Characters of a sentence.
const SENTENCE: usize = 600;

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Because {
    /// The word for its kind.
    pub(super) kind: String,
    /// The sentence.
    pub(super) text: String,
    /// Where it is, for people: tests with the same kind at the same place are one group.
    pub(super) place: String,
    /// The scenario of the test, if it is one's.
    pub(super) scenario: Option<usize>,
    pub(super) part: Part,
}

/// What of a scenario a cause belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Handle(usize),
    Reply(usize),
    Whole,
}

/// Why `test` ended as it did; nothing for those that passed or were skipped.
pub(super) fn of_test(test: &Test) -> Vec<Because> {
    match test.outcome {
        TestOutcome::Failed | TestOutcome::Errored => of_failure(test),
        TestOutcome::Slow => of_slowness(test, "over_budget"),
        _ => Vec::new(),
    }
}

fn of_failure(test: &Test) -> Vec<Because> {
    let Some(failure) = causes::of_test(test) else {
        return Vec::new();
    };
    if failure.scenario.is_none() {
        // Nothing failed by itself: a run that denies slowness.
        let slow = of_slowness(test, CauseKind::Late.as_str());
        if !slow.is_empty() {
            return slow;
        }
    }
    let number = failure.scenario.and_then(|scenario| {
        test.scenarios
            .iter()
            .position(|one| std::ptr::eq(one, scenario))
    });
    let mut found = Vec::new();
    let kind = failure.cause.kind.as_str().to_owned();
    let text = sentence(&failure.cause.text);
    let part = match (failure.scenario, failure.handle) {
        // The expectation that it starved says it too; the evidence is elsewhere.
        (Some(scenario), _)
            if failure.cause.kind == CauseKind::ReplyFailed
                && scenario.replies.iter().any(failed) =>
        {
            scenario
                .replies
                .iter()
                .position(failed)
                .map_or(Part::Whole, Part::Reply)
        }
        (Some(scenario), _)
            if failure.cause.kind == CauseKind::BrokerLost && scenario.error.is_some() =>
        {
            Part::Whole
        }
        (Some(scenario), Some(handle)) => scenario
            .handles
            .iter()
            .position(|one| std::ptr::eq(one, handle))
            .map_or(Part::Whole, Part::Handle),
        _ => Part::Whole,
    };
    let place = match (failure.scenario, part) {
        (Some(scenario), Part::Handle(index)) => place_of(&scenario.handles[index]),
        (Some(scenario), Part::Reply(index)) => reply_place(&scenario.replies[index]),
        (Some(scenario), Part::Whole) => {
            let known = broker(scenario).or_else(|| disorder(scenario, &failure.cause.kind));
            known.unwrap_or_else(|| text.clone())
        }
        (None, _) => text.clone(),
    };
    found.push(Because {
        kind,
        text,
        place,
        scenario: number,
        part,
    });
    for (index, scenario) in test.scenarios.iter().enumerate() {
        others(index, scenario, &mut found);
    }
    found
}

/// What else failed in a scenario.
fn others(number: usize, scenario: &Scenario, found: &mut Vec<Because>) {
    let known = |found: &[Because], part| {
        found
            .iter()
            .any(|one| one.scenario == Some(number) && one.part == part)
    };
    for (index, reply) in scenario.replies.iter().enumerate() {
        if failed(reply) && !known(found, Part::Reply(index)) {
            let why = reply
                .error_text
                .as_deref()
                .or(reply.builder_error.as_deref());
            let why = why.unwrap_or("no reason is known");
            found.push(Because {
                kind: CauseKind::ReplyFailed.as_str().to_owned(),
                text: sentence(&format!(
                    "the reply to `{}` failed: {why}",
                    reply.trigger_topic
                )),
                place: reply_place(reply),
                scenario: Some(number),
                part: Part::Reply(index),
            });
        }
    }
    let bad = |handle: &Handle| handle.exact_outcome().is_none_or(Outcome::is_failure);
    let handles = scenario.handles.iter().enumerate();
    let mut causes: Vec<_> = handles
        .filter(|(index, handle)| bad(handle) && !known(found, Part::Handle(*index)))
        .map(|(index, handle)| (index, handle, causes::of_handle(handle)))
        .collect();
    causes.sort_by_key(|(.., cause)| cause.kind == CauseKind::Interrupted);
    for (index, handle, cause) in causes {
        // What something else ended is no reason of its own.
        let ends = |one: &Because| one.scenario.is_none_or(|scenario| scenario == number);
        if cause.kind == CauseKind::Interrupted && found.iter().any(ends) {
            continue;
        }
        let text = sentence(&cause.text);
        // One event can end many expectations, which all say the same.
        if found.iter().any(|one| one.text == text) {
            continue;
        }
        found.push(Because {
            kind: cause.kind.as_str().to_owned(),
            text,
            place: place_of(handle),
            scenario: Some(number),
            part: Part::Handle(index),
        });
    }
}

fn of_slowness(test: &Test, kind: &str) -> Vec<Because> {
    let mut found = Vec::new();
    for (number, scenario) in test.scenarios.iter().enumerate() {
        for (index, handle) in scenario.handles.iter().enumerate() {
            if handle.outcome != HandleOutcome::Slow {
                continue;
            }
            let took = handle.latency_ms.map_or(0.0, |ms| ms.get());
            let budget = handle.budget_ms.map_or(0.0, |ms| ms.get());
            let text = match &handle.cause {
                Some(cause) => cause.text.clone(),
                None => format!(
                    "`{}` took {took:.1} ms, its budget is {budget:.1} ms",
                    handle.topic
                ),
            };
            found.push(Because {
                kind: kind.to_owned(),
                text: sentence(&text),
                place: handle.topic.clone(),
                scenario: Some(number),
                part: Part::Handle(index),
            });
        }
    }
    found
}

fn failed(reply: &Reply) -> bool {
    reply.state == ReplyState::ReplyFailed
}

fn place_of(handle: &Handle) -> String {
    let path = handle
        .near_misses
        .first()
        .and_then(|miss| miss.differences.first())
        .map(|difference| difference.path.as_str())
        .or_else(|| handle.failure.as_ref().map(|failure| failure.path.as_str()));
    match path {
        Some(path) if !path.is_empty() && !path.starts_with('<') => {
            shortened(&format!("{path} on {}", handle.topic))
        }
        _ => shortened(&handle.topic),
    }
}

fn reply_place(reply: &Reply) -> String {
    shortened(&format!("{} → {}", reply.trigger_topic, reply.reply_topic))
}

fn broker(scenario: &Scenario) -> Option<String> {
    scenario.error.as_ref()?;
    let names: Vec<&str> = scenario
        .transports
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    (names.len() == 1).then(|| names.concat())
}

/// What came before what, where that is why.
fn disorder(scenario: &Scenario, kind: &CauseKind) -> Option<String> {
    let violation = scenario.order_violations.first()?;
    let topic = |id: &str| {
        let mut handles = scenario.handles.iter();
        handles
            .find(|handle| handle.id.as_deref() == Some(id))
            .map(|handle| handle.topic.as_str())
    };
    let known = (topic(&violation.second)?, topic(&violation.first)?);
    (*kind == CauseKind::WrongOrder).then(|| format!("{} before {}", known.0, known.1))
}

/// A cause as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    match chars.next() {
        Some(first) => shortened(&(first.to_uppercase().collect::<String>() + chars.as_str())),
        None => "No reason was recorded".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SENTENCE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
