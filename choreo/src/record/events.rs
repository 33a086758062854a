//! The timeline with its causal edges: what happened, and what it follows from for certain.
//!
//! An edge that could only be guessed is left out: with several messages of the test on their way nobody can tell
//! which of them a service answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use choreo_report::model::{Action, Event, Source, Timestamp};

use super::messages::Messages;
use super::{Context, handle_id, reply_id};
use crate::dispatch::{Surprise, SurpriseClass};
use crate::outcome::{HandleData, Outcome, ScenarioResult};
use crate::text::Took;
use crate::timeline::{About, Link, Logged, LoggedMessage, TimelineAction, TimelineEntry};

/// An event before it has its place.
struct Draft {
    offset: Duration,
    /// Among events of one instant.
    rank: u8,
    event: Event,
    act: u32,
    link: Link,
}

/// The events in the order of time, with ids and causes.
pub(super) fn timeline(
    context: &Context<'_>,
    acts: &[&ScenarioResult],
    messages: &Messages<'_>,
    surprises: &[(u32, Surprise)],
    began: Timestamp,
) -> Vec<Event> {
    let mut drafts = drafts(context, acts, messages);
    drafts.extend(
        acts.iter()
            .filter_map(|act| disorder(context, act, messages)),
    );
    drafts.extend(skipped(context, acts, surprises));
    drafts.sort_by_key(|draft| (draft.offset, draft.rank));
    for (number, draft) in (1..).zip(&mut drafts) {
        draft.event.id = Some(format!("e{number}"));
        draft.event.wall_clock = began.after(draft.offset);
    }
    let parents: Vec<_> = {
        let edges = Edges::of(context, acts, messages, &drafts);
        let parents = drafts.iter().enumerate();
        // A cause stands before what follows from it, also where the clock saw one instant.
        let parents = parents.map(|(index, draft)| {
            let parent = edges.parent(index, draft);
            parent.filter(|parent| *parent < index)
        });
        parents
            .map(|parent| drafts[parent?].event.id.clone())
            .collect()
    };
    let events = drafts.into_iter().zip(parents);
    events
        .map(|(draft, parent)| {
            let mut event = draft.event;
            event.parent = parent;
            event
        })
        .collect()
}

/// What the scenario has recorded, and the receipt of each message that it looked at.
fn drafts(context: &Context<'_>, acts: &[&ScenarioResult], messages: &Messages<'_>) -> Vec<Draft> {
    let entries = &context.result.timeline;
    let turns = |entry: &&TimelineEntry| entry.action == TimelineAction::NextAct;
    let later = u32::try_from(entries.iter().filter(turns).count()).unwrap_or(u32::MAX);
    let last = acts.last().map_or(1, |act| act.act);
    // The oldest entries may be gone.
    let mut act = last.saturating_sub(later).max(1);
    let mut drafts = Vec::with_capacity(entries.len() * 2);
    let mut received: HashMap<u64, usize> = HashMap::new();
    for entry in entries {
        if entry.action == TimelineAction::NextAct {
            act += 1;
        }
        let came = messages
            .get(entry.link.message)
            .filter(|logged| logged.came());
        if came.is_some() && !received.contains_key(&entry.link.message) {
            received.insert(entry.link.message, drafts.len());
            let mut draft = draft(context, acts, entry, act);
            draft.event.action = Action::Received;
            draft.rank = 1;
            if entry.action != TimelineAction::Received {
                draft.event.detail = String::new();
            }
            // What became of it may have taken its time.
            if let Some(logged) = came {
                draft.offset = context.offset(logged.at);
                draft.event.offset_ms = draft.offset.into();
            }
            // Several may look at it.
            draft.event.handle = None;
            draft.event.reply = None;
            drafts.push(draft);
        }
        if entry.action == TimelineAction::Received && came.is_some() {
            continue;
        }
        drafts.push(draft(context, acts, entry, act));
    }
    // What a reply answers is recorded with its answer only.
    for act in acts {
        for reply in &act.replies {
            for (trigger, _) in &reply.exchanges {
                if !received.contains_key(trigger)
                    && let Some(logged) = messages.get(*trigger)
                {
                    received.insert(*trigger, drafts.len());
                    drafts.push(receipt(context, logged, act.act));
                }
            }
        }
    }
    drafts
}

fn draft(
    context: &Context<'_>,
    acts: &[&ScenarioResult],
    entry: &TimelineEntry,
    act: u32,
) -> Draft {
    let mut event = Event::new(entry.offset, Timestamp::UNIX_EPOCH, action(entry.action));
    event.detail = context.ids.hidden(&entry.detail).into_owned();
    event.topic = entry.topic.as_ref().map(|topic| context.topic(topic));
    event.transport = match (&entry.transport, &entry.topic) {
        (Some(transport), _) => Some(transport.as_ref().to_owned()),
        // With one transport all messages are on it.
        (None, Some(_)) => Some(context.transport(0)),
        (None, None) => None,
    };
    event.message = Some(entry.link.message)
        .filter(|number| *number > 0)
        .map(|number| format!("m{number}"));
    event.act = Some(act);
    if entry.action == TimelineAction::Error
        && entry.topic.is_none()
        && let Some(error) = &context.result.error
    {
        if event.detail.is_empty() {
            event.detail = super::error_detail(error.kind).to_owned();
        }
        if super::is_brokers(error.kind) && context.result.legs.len() == 1 {
            event.transport = Some(context.transport(0));
        }
    }
    let of = acts.iter().find(|of| of.act == act);
    match (entry.link.about, of) {
        (About::Handle(index), Some(of)) => {
            event.handle = Some(handle_id(of.first_handle + index + 1));
            let handle = of.handles.get(index as usize).map(|handle| &handle.data);
            let decided = |data: &&Arc<HandleData>| {
                let satisfied = data.satisfied_at;
                satisfied.is_some_and(|it| it.arrival == entry.link.message)
            };
            if entry.action == TimelineAction::Matched
                && let Some(data) = handle.filter(decided)
                && let Some((latency, budget)) = data.latency.zip(data.budget)
                && latency > budget
            {
                let over = Took(latency - budget);
                event.detail = format!("{over} over its budget of {}", Took(budget));
            }
        }
        (About::Reply(index), Some(_)) => {
            let before = acts.iter().filter(|of| of.act < act);
            let before: usize = before.map(|of| of.replies.len()).sum();
            event.reply = Some(reply_id(before + index as usize + 1));
        }
        _ => {}
    }
    event.source = Some(source(entry));
    Draft {
        offset: entry.offset,
        rank: match entry.action {
            TimelineAction::Ready
            | TimelineAction::Began
            | TimelineAction::Published
            | TimelineAction::NextAct => 0,
            _ => 2,
        },
        event,
        act,
        link: entry.link,
    }
}

/// The receipt of a message that no entry tells of.
fn receipt(context: &Context<'_>, logged: &Logged, act: u32) -> Draft {
    let offset = context.offset(logged.at);
    let mut event = Event::new(offset, Timestamp::UNIX_EPOCH, Action::Received);
    event.topic = Some(context.topic(logged.topic()));
    event.transport = Some(context.transport(logged.leg));
    event.message = Some(format!("m{}", logged.number));
    event.act = Some(act);
    event.source = Some(Source::Reply);
    Draft {
        offset,
        rank: 1,
        event,
        act,
        link: Link {
            message: logged.number,
            about: About::Scenario,
        },
    }
}

/// The moment at which it was clear that two expectations were met in the wrong order.
fn disorder(context: &Context<'_>, of: &ScenarioResult, messages: &Messages<'_>) -> Option<Draft> {
    let order = of.out_of_order.as_ref()?;
    let (first, second) = (of.handle_data(order.first)?, of.handle_data(order.second)?);
    // The one that had to be over came on after the other had begun.
    let offset = context.offset(first.span?.1.at);
    let mut event = Event::new(offset, Timestamp::UNIX_EPOCH, Action::Violation);
    event.detail = format!("came before {}", context.topic(&first.topic));
    event.topic = Some(context.topic(&second.topic));
    event.transport = Some(context.transport(second.leg));
    event.handle = Some(handle_id(order.second + 1));
    event.act = Some(of.act);
    event.source = Some(Source::Expect);
    let number = messages.number_of(second.incoming.as_ref()?)?;
    event.message = Some(format!("m{number}"));
    Some(Draft {
        offset,
        rank: 3,
        event,
        act: of.act,
        link: Link {
            message: number,
            about: About::Scenario,
        },
    })
}

/// Messages that correlation kept away: with several transports those of others, and what came where a message
/// was waited for in vain.
fn skipped(
    context: &Context<'_>,
    acts: &[&ScenarioResult],
    surprises: &[(u32, Surprise)],
) -> Vec<Draft> {
    let staged = context.act.bridge().is_some();
    let in_vain = |leg: u32, surprise: &Surprise| {
        // It came through one subscription, and a handle may have another that covers its topic.
        let places = [&surprise.topic, &surprise.through];
        let mut handles = acts.iter().flat_map(|act| &act.handles);
        handles.any(|handle| {
            let data = &handle.data;
            data.outcome == Outcome::Timeout && data.leg == leg && places.contains(&&data.topic)
        })
    };
    let foreign = surprises.iter().filter(|(leg, surprise)| {
        let missed = || in_vain(*leg, surprise);
        match surprise.class {
            SurpriseClass::UnknownId => staged || missed(),
            SurpriseClass::WithoutId => missed(),
            SurpriseClass::Late | SurpriseClass::Unclaimed => false,
        }
    });
    foreign
        .map(|(leg, surprise)| {
            let offset = context.offset(surprise.received_at);
            let mut event = Event::new(offset, Timestamp::UNIX_EPOCH, Action::CorrelationSkipped);
            let hash = surprise.id.as_ref().map(|id| id.hashed());
            event.detail = hash.unwrap_or_else(|| "it carries no correlation id".to_owned());
            event.topic = Some(context.topic(&surprise.topic));
            event.transport = Some(context.transport(*leg));
            event.source = Some(Source::Expect);
            let open = acts.iter().rev();
            let act = open
                .clone()
                .find(|act| act.opened <= surprise.received_at)
                .map_or(1, |act| act.act);
            event.act = Some(act);
            Draft {
                offset,
                rank: 1,
                event,
                act,
                link: Link::default(),
            }
        })
        .collect()
}

fn action(action: TimelineAction) -> Action {
    match action {
        TimelineAction::Ready => Action::Ready,
        TimelineAction::Began => Action::Began,
        TimelineAction::Published => Action::Published,
        TimelineAction::Received => Action::Received,
        TimelineAction::Matched => Action::Matched,
        TimelineAction::NearMiss => Action::Mismatched,
        TimelineAction::Violation => Action::Violation,
        TimelineAction::Replied => Action::Replied,
        TimelineAction::ReplyFailed => Action::ReplyFailed,
        TimelineAction::Deadline => Action::Deadline,
        TimelineAction::NextAct => Action::NextAct,
        TimelineAction::Error => Action::Error,
    }
}

fn source(entry: &TimelineEntry) -> Source {
    match (entry.action, entry.link.about) {
        (TimelineAction::Published, _) => Source::Publish,
        (_, About::Reply(_)) => Source::Reply,
        (_, About::Handle(_)) => Source::Expect,
        (TimelineAction::Received, About::Scenario) => Source::Expect,
        _ => Source::Scope,
    }
}

/// Indices of the events from which others follow.
struct Edges<'e> {
    messages: &'e Messages<'e>,
    /// The trigger of each act: its first message, or `begin!`.
    triggers: HashMap<u32, usize>,
    /// What the test did in each act that a message may follow from, in the order of time.
    stimuli: HashMap<u32, Vec<(usize, Duration)>>,
    /// When the subscriptions of each act were confirmed.
    ready: HashMap<u32, usize>,
    /// By the numbers of messages that went.
    sent: HashMap<u64, usize>,
    /// By the numbers of messages that came.
    received: HashMap<u64, usize>,
    /// From answers to what they answer.
    answered: HashMap<u64, u64>,
    /// From messages that came to those that the test had sent, where they are the same.
    delivered: HashMap<u64, u64>,
}

impl<'e> Edges<'e> {
    fn of(
        context: &Context<'_>,
        acts: &[&ScenarioResult],
        messages: &'e Messages<'e>,
        drafts: &[Draft],
    ) -> Self {
        let mut edges = Self {
            messages,
            triggers: HashMap::new(),
            stimuli: HashMap::new(),
            ready: HashMap::new(),
            sent: HashMap::new(),
            received: HashMap::new(),
            answered: HashMap::new(),
            delivered: deliveries(messages.logged()),
        };
        for (index, draft) in drafts.iter().enumerate() {
            let (act, message) = (draft.act, draft.link.message);
            match &draft.event.action {
                Action::Ready => {
                    edges.ready.insert(act, index);
                }
                Action::Published | Action::Began => {
                    edges.triggers.entry(act).or_insert(index);
                    let stimuli = edges.stimuli.entry(act).or_default();
                    stimuli.push((index, draft.offset));
                    edges.sent.insert(message, index);
                }
                Action::Replied => {
                    edges.sent.insert(message, index);
                }
                Action::Received => {
                    edges.received.entry(message).or_insert(index);
                }
                _ => {}
            }
        }
        // Of an act whose first events are gone nobody knows all that the test did.
        if context.result.timeline_dropped > 0
            && let Some(first) = drafts.iter().map(|draft| draft.act).min()
        {
            edges.triggers.remove(&first);
            edges.stimuli.remove(&first);
        }
        let exchanges = acts.iter().flat_map(|act| &act.replies);
        let exchanges = exchanges.flat_map(|reply| &reply.exchanges);
        edges.answered = exchanges
            .map(|(trigger, answer)| (*answer, *trigger))
            .collect();
        edges
    }

    fn parent(&self, index: usize, draft: &Draft) -> Option<usize> {
        let message = draft.link.message;
        match &draft.event.action {
            // The trigger waits for the subscriptions.
            Action::Published | Action::Began => {
                let trigger = *self.triggers.get(&draft.act)?;
                let ready = self.ready.get(&draft.act)?;
                (trigger == index).then_some(*ready)
            }
            Action::Received => self.cause_of(message, draft),
            Action::Matched
            | Action::Mismatched
            | Action::Violation
            | Action::ReplyFailed
            | Action::Error => self.received.get(&message).copied(),
            Action::Replied => self.received.get(self.answered.get(&message)?).copied(),
            // The time runs from the trigger.
            Action::Deadline => self.triggers.get(&draft.act).copied(),
            _ => None,
        }
    }

    /// What the test did that made a message come.
    fn cause_of(&self, message: u64, draft: &Draft) -> Option<usize> {
        if let Some(sent) = self.delivered.get(&message) {
            return self.sent.get(sent).copied();
        }
        let logged = self.messages.get(message)?;
        // An answer to a request names it.
        let asked = self.messages.logged().iter().find(|other| {
            matches!(&other.message, LoggedMessage::Out(request)
                if request.reply_to.as_ref() == Some(logged.topic()))
        });
        if let Some(asked) = asked {
            return self.sent.get(&asked.number).copied();
        }
        // All answers of the test follow from its one stimulus as well.
        let stimuli = self.stimuli.get(&draft.act)?;
        let mut before = stimuli.iter().filter(|(_, at)| *at <= draft.offset);
        match (before.next(), before.next()) {
            (Some((only, _)), None) => Some(*only),
            _ => None,
        }
    }
}

/// Messages of the test that came back to it, each once: the same bytes on the same topic.
fn deliveries(logged: &[Logged]) -> HashMap<u64, u64> {
    let mut waiting: Vec<&Logged> = Vec::new();
    let mut delivered = HashMap::new();
    let mut last: HashMap<u64, u64> = HashMap::new();
    for message in logged {
        if !message.came() {
            waiting.push(message);
            continue;
        }
        let same = |sent: &&&Logged| {
            sent.leg == message.leg
                && sent.topic() == message.topic()
                && sent.payload().is_some()
                && sent.payload() == message.payload()
        };
        let fresh = |sent: &&&Logged| same(sent) && !last.contains_key(&sent.number);
        let found = waiting.iter().find(fresh);
        let found = found.or_else(|| waiting.iter().rev().find(same));
        if let Some(sent) = found {
            last.insert(sent.number, message.number);
            delivered.insert(message.number, sent.number);
        }
    }
    delivered
}
