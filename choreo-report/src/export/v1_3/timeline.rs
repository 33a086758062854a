//! Timelines in version 1.3: the eight things that it knows, each with the fields that it must have.

use crate::model::{Action, Event, Handle, HandleOutcome, Source};

use super::Cuts;
use super::rules::transport_name;

const DETAIL_CHARS: usize = 120;

/// What stands at the end of a detail that was cut.
const CUT: &str = "...";

pub(super) fn export(
    timeline: &mut Vec<Event>,
    handles: &[Handle],
    transports: Option<&[String]>,
    cuts: &mut Cuts,
) {
    let events = std::mem::take(timeline).into_iter();
    *timeline = match transports {
        Some(transports) => events
            .filter_map(|event| on_stage(event, transports))
            .collect(),
        None => events.flat_map(|event| alone(event, handles)).collect(),
    };
    for event in timeline {
        event.extra.clear();
        event.id = None;
        event.parent = None;
        event.message = None;
        event.handle = None;
        event.reply = None;
        event.act = None;
        if let Some((end, _)) = event.detail.char_indices().nth(DETAIL_CHARS - CUT.len())
            && event.detail.chars().nth(DETAIL_CHARS).is_some()
        {
            event.detail.truncate(end);
            event.detail.push_str(CUT);
            cuts.texts += 1;
        }
    }
}

/// The action in the words of version 1.3, if it has one.
fn action(event: &Event) -> Option<Action> {
    match &event.action {
        Action::Violation => Some(Action::Mismatched),
        Action::Ready | Action::Began | Action::NextAct | Action::Error | Action::Unknown(_) => {
            None
        }
        known => Some(known.clone()),
    }
}

/// An event of a scenario with one transport: it has a topic, and nothing says which part it concerns.
fn alone(mut event: Event, handles: &[Handle]) -> Vec<Event> {
    let action = match action(&event) {
        None | Some(Action::CorrelationSkipped) => return Vec::new(),
        Some(action) => action,
    };
    event.action = action;
    event.transport = None;
    event.logical_topic = None;
    event.source = None;
    if event.topic.is_some() {
        return vec![event];
    }
    if event.action != Action::Deadline {
        return Vec::new();
    }
    // The deadline of the scenario is that of each expectation that was open.
    let open = handles.iter().filter(|handle| {
        matches!(
            handle.outcome,
            HandleOutcome::Timeout | HandleOutcome::Fail | HandleOutcome::Pending
        )
    });
    open.map(|handle| {
        let mut event = event.clone();
        event.topic = Some(handle.topic.clone());
        event
    })
    .collect()
}

/// An event of a scenario with several transports: it says which part of the scenario it concerns and, unless
/// that is all of it, topic and transport.
fn on_stage(mut event: Event, transports: &[String]) -> Option<Event> {
    event.action = action(&event)?;
    let asked = event.source.take();
    let source = match event.action {
        Action::Published => Source::Publish,
        Action::Received | Action::CorrelationSkipped if asked == Some(Source::Reply) => {
            Source::Reply
        }
        Action::Replied | Action::ReplyFailed => Source::Reply,
        Action::Deadline => Source::Scope,
        _ => Source::Expect,
    };
    if source == Source::Scope {
        event.topic = None;
        event.transport = None;
        event.logical_topic = None;
    } else {
        event.topic.as_ref()?;
        let name = event.transport.as_deref().map(transport_name);
        event.transport = Some(name.or_else(|| transports.first().cloned())?);
    }
    event.source = Some(source);
    Some(event)
}
