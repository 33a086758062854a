//! A finished scenario as reports show it: the one place where insides become the report's types.
//!
//! Works from what the scenario has kept anyway, once, when it has ended. It knows no file and no format.

use std::time::{Duration, Instant, SystemTime};

use choreo_report::model::{
    self, Act as ActRecord, Location as Place, Millis, OrderViolation, Scenario, ScenarioError,
    Stage, Surprise, Timestamp, TransportUse,
};

use crate::act::Act;
use crate::dispatch::{self, SurpriseClass};
use crate::failure;
use crate::ids::Location;
use crate::outcome::{LegInfo, Outcome, ScenarioErrorKind, ScenarioResult};
use crate::text::Style;

use self::ids::Ids;
pub(crate) use self::ids::replacements;
use self::messages::Messages;

mod causes;
mod events;
mod handles;
mod ids;
mod messages;
mod near_misses;
mod replies;

/// Surprises that are shown of one transport, the last ones.
const SURPRISES: usize = 32;

/// A scenario that has ended.
#[derive(Clone, Copy)]
pub(crate) struct Ended<'e> {
    pub(crate) act: &'e Act,
    /// That of the last act.
    pub(crate) result: &'e ScenarioResult,
    pub(crate) outcome: Outcome,
    /// How the body ended, if not by itself.
    pub(crate) broken: Option<&'e str>,
    pub(crate) duration: Duration,
    pub(crate) site: failure::Site,
}

/// What all parts of a record need.
struct Context<'e> {
    act: &'e Act,
    result: &'e ScenarioResult,
    /// The act that is looked at.
    of: &'e ScenarioResult,
    ids: &'e Ids,
}

impl Context<'_> {
    /// From the start of the scenario.
    fn offset(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.result.started)
    }

    /// A topic as people know it, without ids.
    fn topic(&self, topic: &str) -> String {
        self.ids.hidden(self.result.shown(topic)).into_owned()
    }

    fn transport(&self, leg: u32) -> String {
        transport(self.result.leg(leg))
    }
}

/// The scenario as a report shows it.
pub(crate) fn scenario(ended: Ended<'_>) -> Scenario {
    let Ended {
        act,
        result,
        outcome,
        broken,
        duration,
        site,
    } = ended;
    let ids = Ids::of(result);
    let acts = result.acts();
    let mut messages = Messages::of(act, &ids, result);
    let mut scenario = Scenario::new(&*result.name, outcome, duration);
    for of in &acts {
        let context = Context {
            act,
            result,
            of,
            ids: &ids,
        };
        for (number, handle) in (of.first_handle + 1..).zip(&of.handles) {
            let record = handles::record(&context, number, &handle.data, &mut messages);
            scenario.handles.push(record);
        }
        let first_reply = scenario.replies.len();
        for (index, reply) in of.replies.iter().enumerate() {
            let number = first_reply + index + 1;
            let record = replies::record(&context, number, reply, &mut messages);
            scenario.replies.push(record);
        }
        if let Some(order) = &of.out_of_order {
            let (first, second) = (handle_id(order.first + 1), handle_id(order.second + 1));
            let mut violation = OrderViolation::new(first, second, order.by);
            violation.location = Some(place(order.location));
            scenario.order_violations.push(violation);
        }
        if acts.len() > 1 {
            scenario.acts.push(act_record(&context));
        }
    }
    let context = Context {
        act,
        result,
        of: result,
        ids: &ids,
    };
    scenario.correlation_id = result.correlation_id().map(|id| id.hashed());
    scenario.completed_normally = broken.is_none() && result.error.is_none();
    scenario.timeout_ms = Some(result.timeout.into());
    scenario.error = result.error.as_ref().map(|error| {
        let text = ids.hidden(&error.text).into_owned();
        ScenarioError::new(error_word(error.kind), text)
    });
    scenario.body_error = broken.map(|text| ids.hidden(text).into_owned());
    scenario.transports = transports(act, result);
    scenario.stage = stage(act, result);
    let (surprises, dropped) = surprises(&context);
    scenario.surprises_dropped = (dropped > 0).then_some(dropped);
    scenario.surprises = surprises
        .iter()
        .map(|(leg, surprise)| surprise_record(&context, *leg, surprise))
        .collect();
    scenario.timeline =
        events::timeline(&context, &acts, &messages, &surprises, wall_clock(result));
    scenario.timeline_dropped = result.timeline_dropped;
    scenario.cause = causes::of_scenario(&scenario, outcome);
    if scenario.stage.is_none() && outcome.is_failure() {
        let text = failure::render_run(result, outcome, broken, Style::plain(), site);
        scenario.summary_text = ids.hidden(&text).into_owned();
    }
    let (kept, dropped) = messages.finish();
    scenario.messages = kept;
    scenario.messages_dropped = (dropped > 0).then_some(dropped);
    scenario
}

/// What the machine's clock showed when the scenario began.
#[expect(clippy::disallowed_methods, reason = "this is the report")]
fn wall_clock(result: &ScenarioResult) -> Timestamp {
    let now = SystemTime::now();
    let began = now.checked_sub(result.started.elapsed());
    Timestamp::from(began.unwrap_or(now))
}

fn act_record(context: &Context<'_>) -> ActRecord {
    let of = context.of;
    let offset = |at| Millis::from(context.offset(at));
    let mut record = ActRecord::new(of.act, of.outcome, offset(of.opened), offset(of.ended));
    record.trigger_ms = of.triggered.map(offset);
    record.timeout_ms = Some(of.timeout.into());
    record
}

/// The name that handles, messages and events have for a transport.
fn transport(leg: &LegInfo) -> String {
    match &leg.label {
        Some(label) => label.as_ref().to_owned(),
        None => kind(leg),
    }
}

/// `NATS JetStream` as `nats-jetstream`.
fn kind(leg: &LegInfo) -> String {
    leg.transport.to_lowercase().replace(' ', "-")
}

fn transports(act: &Act, result: &ScenarioResult) -> Vec<TransportUse> {
    let legs = act.legs().iter().zip(&result.legs);
    legs.map(|(leg, info)| {
        let mut used = TransportUse::new(transport(info), kind(info));
        used.endpoint = leg.router.address().map(str::to_owned);
        used
    })
    .collect()
}

fn stage(act: &Act, result: &ScenarioResult) -> Option<Stage> {
    let mut names: Vec<_> = result.legs.iter().map(|leg| transport(leg)).collect();
    names.sort();
    let mut stage = Stage::new(act.bridge()?, names);
    let ids = result.legs.iter().filter_map(|leg| {
        let id = leg.id.as_ref()?;
        Some((transport(leg), id.hashed()))
    });
    stage.correlation_ids = ids.collect();
    Some(stage)
}

/// What nobody claimed on the scenario's topics while it ran, with its transport, and how many more there were.
fn surprises(context: &Context<'_>) -> (Vec<(u32, dispatch::Surprise)>, u64) {
    let mut topics: Vec<Vec<&str>> = vec![Vec::new(); context.result.legs.len()];
    for act in context.result.acts() {
        for handle in &act.handles {
            topics[handle.data.leg as usize].push(&handle.data.topic);
        }
        for reply in &act.replies {
            let own = reply.trigger_topics.iter().map(String::as_str);
            topics[reply.leg as usize].extend(own);
        }
    }
    let (mut found, mut dropped) = (Vec::new(), 0);
    for (leg, heard) in context.result.acts().iter().flat_map(|act| &act.heard) {
        dropped += context.act.legs()[*leg as usize]
            .router
            .surprises_lost(heard);
    }
    for ((index, leg), topics) in (0..).zip(context.act.legs()).zip(&topics) {
        let own = leg
            .router
            .surprises_since(context.result.started, topics, usize::MAX);
        let over = own.len().saturating_sub(SURPRISES);
        dropped += over as u64;
        found.extend(own.into_iter().skip(over).map(|surprise| (index, surprise)));
    }
    (found, dropped)
}

fn surprise_record(context: &Context<'_>, leg: u32, surprise: &dispatch::Surprise) -> Surprise {
    let topic = context.topic(&surprise.topic);
    let class = match surprise.class {
        SurpriseClass::WithoutId => "without_id",
        SurpriseClass::UnknownId => "unknown_id",
        SurpriseClass::Late => "late",
        SurpriseClass::Unclaimed => "unclaimed",
    };
    let mut record = Surprise::new(topic, surprise.size_bytes as u64, class);
    record.transport = Some(context.transport(leg));
    record.id = surprise.id.as_ref().map(|id| id.hashed());
    record
}

fn error_word(kind: ScenarioErrorKind) -> &'static str {
    match kind {
        ScenarioErrorKind::Publish => "publish",
        ScenarioErrorKind::Subscribe => "subscribe",
        ScenarioErrorKind::Lost => "lost",
        ScenarioErrorKind::Refused => "refused",
        ScenarioErrorKind::Matcher => "matcher",
        ScenarioErrorKind::Correlation => "correlation",
        ScenarioErrorKind::Reply => "reply",
        ScenarioErrorKind::NothingExpected => "nothing_expected",
        ScenarioErrorKind::NotTriggered => "not_triggered",
        ScenarioErrorKind::Unsupported => "unsupported",
        ScenarioErrorKind::Unsound => "unsound",
    }
}

/// Whether it is about a transport rather than about the test.
fn is_brokers(kind: ScenarioErrorKind) -> bool {
    matches!(
        kind,
        ScenarioErrorKind::Lost | ScenarioErrorKind::Refused | ScenarioErrorKind::Subscribe
    )
}

/// In the timeline; the sentence stands elsewhere.
fn error_detail(kind: ScenarioErrorKind) -> &'static str {
    match kind {
        ScenarioErrorKind::Publish => "the message did not go out",
        ScenarioErrorKind::Subscribe => "the subscription was refused",
        ScenarioErrorKind::Lost => "the connection was lost",
        ScenarioErrorKind::Refused => "the broker refused",
        ScenarioErrorKind::Matcher => "a matcher panicked",
        ScenarioErrorKind::Correlation => "the correlation id is wrong",
        ScenarioErrorKind::Reply => "the scenario ended",
        ScenarioErrorKind::NothingExpected => "nothing is expected",
        ScenarioErrorKind::NotTriggered => "nothing was triggered",
        ScenarioErrorKind::Unsupported => "the transport cannot do that",
        ScenarioErrorKind::Unsound => "it cannot be judged",
    }
}

/// `number` counts from one over all acts.
fn handle_id(number: u32) -> String {
    format!("h{number}")
}

fn reply_id(number: usize) -> String {
    format!("r{number}")
}

fn place(location: Location) -> model::Location {
    Place::new(location.file, location.line, None)
}
