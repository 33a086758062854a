//! How a scenario ended: outcomes, what each handle saw, and the result that a test can look at.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

pub use choreo_report::model::Outcome;

use crate::codec::{Codec, Incoming};
use crate::correlation::Correlation;
use crate::dispatch::Heard;
use crate::envelope::Envelope;
use crate::ids::CorrelationId;
use crate::matcher::{Actual, Mismatch, Subject, diff};
use crate::timeline::TimelineEntry;
use crate::transport::Retention;

mod busy;
mod data;
mod reply;
mod tally;

pub(crate) use busy::{BusyTopic, Slip, SlipKnown};
pub(crate) use data::{Deadline, Describe, HandleData, Late};
pub(crate) use reply::{ReplyFailure, ReplyStep};
pub use reply::{ReplyReport, ReplyState};
pub(crate) use tally::{Cause, Disorder, Moment, OutOfOrder, Tally, Violation, Wants};

/// How much of a captured value of another type is shown, in characters.
const CAPTURED_CHARS: usize = 200;

/// A matched message of any type, until its handle asks for it by type.
pub(crate) type AnyMessage = Box<dyn Any + Send + Sync>;

/// A message that came for an expectation and was wrong.
#[derive(Debug)]
pub struct NearMiss {
    pub(crate) score: diff::Score,
    pub(crate) mismatch: Mismatch,
    pub(crate) received_at: Instant,
    /// The number of the message.
    pub(crate) arrival: u64,
    pub(crate) topic: Arc<str>,
    pub(crate) size_bytes: usize,
    pub(crate) message: Option<Incoming>,
}

impl NearMiss {
    /// How it differs from what was expected.
    pub fn mismatch(&self) -> &Mismatch {
        &self.mismatch
    }

    /// When it came.
    pub fn received_at(&self) -> Instant {
        self.received_at
    }

    /// The concrete topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The size of its payload.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// The message, unless it was too large to be kept (64 KiB).
    pub fn message(&self) -> Option<&Incoming> {
        self.message.as_ref()
    }
}

/// The key of an expectation: what `expect!` gives, and what a [`ScenarioResult`] is indexed with.
pub struct Handle<M> {
    pub(crate) scenario: u64,
    pub(crate) index: u32,
    pub(crate) message: PhantomData<fn() -> M>,
}

impl<M> Clone for Handle<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Handle<M> {}

impl<M> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.index)
    }
}

/// What became of one expectation.
pub struct HandleReport<M> {
    data: Arc<HandleData>,
    /// Nothing when the message is the decoded payload, which `data` has.
    message: Option<M>,
    /// The messages after the first, as many as `data` has.
    more: Vec<Option<M>>,
}

pub(crate) fn typed_report<M: Send + Sync + 'static>(
    data: Arc<HandleData>,
    message: Option<AnyMessage>,
    more: Vec<Option<AnyMessage>>,
) -> AnyMessage {
    let typed = |message: AnyMessage| message.downcast::<M>().ok().map(|message| *message);
    let message = message.and_then(typed);
    let more = more.into_iter().map(|m| m.and_then(typed)).collect();
    Box::new(HandleReport {
        data,
        message,
        more,
    })
}

fn decoded_as<M: 'static>(incoming: &Incoming) -> Option<&M> {
    let decoded = incoming.decoded().ok()?;
    (decoded as &dyn Any).downcast_ref()
}

impl<M: 'static> HandleReport<M> {
    /// Pass, slow, fail, timeout or error.
    pub fn outcome(&self) -> Outcome {
        self.data.outcome
    }

    /// The topic or pattern that was expected on.
    pub fn topic(&self) -> &str {
        &self.data.topic
    }

    /// The message that matched, the first of several.
    ///
    /// # Panics
    ///
    /// When none did; [`try_message`](Self::try_message) does not.
    #[track_caller]
    pub fn message(&self) -> &M {
        match self.try_message() {
            Some(message) => message,
            None => panic!(
                "no message on `{}` matched (the expectation ended as {})",
                self.data.topic, self.data.outcome
            ),
        }
    }

    /// The message that matched, if one did.
    pub fn try_message(&self) -> Option<&M> {
        let decoded = || self.data.incoming.as_deref().and_then(decoded_as);
        self.message.as_ref().or_else(decoded)
    }

    /// The messages that matched, in the order of their arrival; of `unordered [p, q]` in the order of the
    /// patterns. Of an expectation without an upper limit those that were needed and 1024 more are kept.
    pub fn messages(&self) -> Vec<&M> {
        let more = self.more.iter().zip(self.more_incoming());
        let more = more
            .filter_map(|(message, incoming)| message.as_ref().or_else(|| decoded_as(incoming)));
        self.try_message().into_iter().chain(more).collect()
    }

    /// The value that `capture name` in the pattern stands for, in the message that matched, the first of
    /// several.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> choreo::Result<()> {
    /// use choreo::prelude::*;
    /// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
    /// # let mut scope = harness.scenario("doc").open();
    /// # let s = scope.arrange();
    /// let created = expect!(s, "orders.created", { order: { id: capture order_id: String } });
    /// publish!(s, "orders.created", { order: { id: "ORD-42" } });
    /// let result = settle!(s);
    /// let id: String = result[created].captured("order_id");
    /// assert_eq!(id, "ORD-42");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When no message matched, when the pattern has no such name, when the name stands in an alternative
    /// that did not match, and when the value does not decode as `T`.
    #[track_caller]
    pub fn captured<T: DeserializeOwned>(&self, name: &str) -> T {
        match self.find_captured(name) {
            Ok(value) => value,
            Err(why) => panic!("`{name}` was not captured on `{}`: {why}", self.data.topic),
        }
    }

    fn find_captured<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let Some(pattern) = &self.data.capturing else {
            return Err(format!(
                "its pattern captures nothing; write `capture {name}` in the place of the value"
            ));
        };
        let names = pattern.captures();
        if !names.iter().any(|known| &**known == name) {
            let known: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            return Err(format!("its pattern captures {}", known.join(", ")));
        }
        let Some(incoming) = self.data.incoming.as_deref() else {
            return Err(format!(
                "no message matched (the expectation ended as {})",
                self.data.outcome
            ));
        };
        let subject = Subject::message(incoming.decoded(), &incoming.envelope().payload);
        let Some(value) = pattern.captured(name, subject) else {
            return Err("it stands in an alternative that did not match".to_owned());
        };
        T::deserialize(&value).map_err(|error| {
            let shown = diff::render_actual(&Actual::Value(value), CAPTURED_CHARS);
            format!("the value does not decode as the type that is asked for ({error}): {shown}")
        })
    }

    /// Topic, key, headers and bytes of the message that matched, the first of several.
    pub fn envelope(&self) -> Option<&Envelope> {
        self.data.incoming.as_deref().map(Incoming::envelope)
    }

    /// Topic, key, headers and bytes of the messages that matched, in the order of
    /// [`messages`](Self::messages).
    pub fn envelopes(&self) -> Vec<&Envelope> {
        let more = self.more_incoming().iter();
        let more = more.map(|incoming| incoming.envelope());
        self.envelope().into_iter().chain(more).collect()
    }

    /// How many messages matched, the one that broke the expectation not counted.
    pub fn count(&self) -> u64 {
        match &self.data.tally {
            Some(tally) => tally.count,
            None => u64::from(self.data.incoming.is_some()),
        }
    }

    /// The message that broke the expectation by coming: one too many, one that must not come, one that is
    /// out of order.
    pub fn offender(&self) -> Option<&Envelope> {
        let violation = self.data.tally.as_ref()?.violation.as_ref()?;
        Some(violation.message.envelope())
    }

    fn more_incoming(&self) -> &[Arc<Incoming>] {
        self.data.tally.as_ref().map_or(&[], |tally| &tally.more)
    }

    /// From the trigger (or the message of `since`) to the receipt of the message that matched; of several
    /// the last that was needed.
    pub fn latency(&self) -> Option<Duration> {
        self.data.latency
    }

    /// What `within` allowed.
    pub fn budget(&self) -> Option<Duration> {
        self.data.budget
    }

    /// What `deadline` allowed.
    pub fn deadline(&self) -> Option<Duration> {
        self.data.deadline.map(|deadline| deadline.after)
    }

    /// The closest messages that came and were wrong, the closest first; at most 20.
    pub fn near_misses(&self) -> &[NearMiss] {
        &self.data.near_misses
    }

    /// How many messages came and were wrong.
    pub fn near_miss_count(&self) -> u64 {
        self.data.near_miss_count
    }
}

impl<M> fmt::Debug for HandleReport<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleReport")
            .field("topic", &self.data.topic)
            .field("outcome", &self.data.outcome)
            .field("latency", &self.data.latency)
            .finish_non_exhaustive()
    }
}

/// What ended a scenario that could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScenarioError {
    /// What kind of trouble it was.
    pub kind: ScenarioErrorKind,
    /// What happened, to what, and what to do about it.
    pub text: String,
}

/// What kind of trouble ended a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScenarioErrorKind {
    /// A message did not go out.
    Publish,
    /// The broker refused a subscription.
    Subscribe,
    /// The connection is gone.
    Lost,
    /// The broker complained about something that had been handed over.
    Refused,
    /// A matcher panicked.
    Matcher,
    /// A correlation policy refused or panicked, or a message came without the id it must have.
    Correlation,
    /// A reply could not be built or sent.
    Reply,
    /// The scenario expects nothing, so it cannot fail; or nobody waits for the answer to a request.
    NothingExpected,
    /// The scenario was never triggered.
    NotTriggered,
    /// It asks for something that its transport does not have.
    Unsupported,
    /// What it expects cannot be judged: an absence that no ids can show, a number that no messages have,
    /// another scenario's handle.
    Unsound,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ScenarioError {}

pub(crate) struct HandleResult {
    pub(crate) data: Arc<HandleData>,
    pub(crate) report: AnyMessage,
}

/// One transport of a scenario, as results know it.
pub(crate) struct LegInfo {
    /// Its name in the stage; none when the scenario has one transport only.
    pub(crate) label: Option<Arc<str>>,
    /// The transport's name, such as `NATS`.
    pub(crate) transport: Arc<str>,
    pub(crate) retention: Retention,
    /// The id that the scenario's messages carry there.
    pub(crate) id: Option<CorrelationId>,
    pub(crate) correlation: Arc<dyn Correlation>,
    pub(crate) codec: Arc<dyn Codec>,
}

impl fmt::Display for LegInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            None => f.write_str(&self.transport),
            Some(label) => write!(f, "{label} ({})", self.transport),
        }
    }
}

/// A message that the test published.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    /// Whether it carries the scenario's id.
    pub(crate) stamped: bool,
}

/// How a scenario ended. Indexed by the handles that `expect!` gave.
///
/// Of a scenario with several acts ([`next_act!`](crate::next_act)) each act has its result, and the last one
/// knows the handles of all.
pub struct ScenarioResult {
    pub(crate) name: Arc<str>,
    pub(crate) scenario: u64,
    /// The number of the act that ended, from 1.
    pub(crate) act: u32,
    /// From when the offsets of the timeline count.
    pub(crate) started: Instant,
    /// When the act was opened.
    pub(crate) opened: Instant,
    /// When its clock began.
    pub(crate) triggered: Option<Instant>,
    pub(crate) ended: Instant,
    /// The act before.
    pub(crate) previous: Option<Arc<ScenarioResult>>,
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<ScenarioError>,
    /// The number of handles in the acts before.
    pub(crate) first_handle: u32,
    pub(crate) handles: Vec<HandleResult>,
    pub(crate) out_of_order: Option<OutOfOrder>,
    pub(crate) replies: Vec<ReplyReport>,
    /// What came for nobody on each subscription of the act, with the leg.
    pub(crate) heard: Vec<(u32, Heard)>,
    pub(crate) timeline: Vec<TimelineEntry>,
    pub(crate) timeline_dropped: u64,
    pub(crate) correlation_id: Option<CorrelationId>,
    pub(crate) published: Vec<Published>,
    /// The scenario's inboxes, where it has asked for one.
    pub(crate) inboxes: Vec<Arc<str>>,
    /// The transports, in the order of the stage.
    pub(crate) legs: Vec<Arc<LegInfo>>,
    pub(crate) busy_topics: Vec<BusyTopic>,
    pub(crate) slips: Vec<Slip>,
    pub(crate) timeout: Duration,
}

impl ScenarioResult {
    /// The worst outcome of the handles; error when something ended the scenario. The acts before count
    /// as well: a scenario that failed in one of them stays failed.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that its messages carry; on a stage the one that the bridge translates for each transport.
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        self.correlation_id.as_ref()
    }

    /// The id that its messages carry on one transport of a stage, by the name of its field.
    pub fn correlation_id_on(&self, transport: &str) -> Option<&CorrelationId> {
        let mut legs = self.legs.iter();
        let leg = legs.find(|leg| leg.label.as_deref() == Some(transport))?;
        leg.id.as_ref()
    }

    pub(crate) fn leg(&self, leg: u32) -> &LegInfo {
        &self.legs[leg as usize]
    }

    /// The name under which people know a topic: an inbox is another one in each run.
    pub(crate) fn shown<'a>(&self, topic: &'a str) -> &'a str {
        if self.is_inbox(topic) { "inbox" } else { topic }
    }

    /// A topic in words, with its transport where the scenario has several.
    pub(crate) fn topic_on(&self, leg: u32, topic: &str) -> String {
        let topic = self.shown(topic);
        match &self.leg(leg).label {
            None => format!("`{topic}`"),
            Some(label) => format!("`{topic}` on {label}"),
        }
    }

    /// A topic that may have been meant to be the one that stayed silent.
    pub(crate) fn slip(&self, silent: &HandleData) -> Option<&Slip> {
        let mut slips = self.slips.iter();
        slips.find(|slip| slip.leg == silent.leg && slip.silent == silent.topic)
    }

    pub(crate) fn is_inbox(&self, topic: &str) -> bool {
        self.inboxes.iter().any(|inbox| &**inbox == topic)
    }

    /// What ended the scenario, when something did.
    pub fn error(&self) -> Option<&ScenarioError> {
        self.error.as_ref()
    }

    /// The number of the act that this is the result of, from 1.
    pub fn act(&self) -> u32 {
        self.act
    }

    /// The result of the act before, if there is one.
    pub fn previous(&self) -> Option<&ScenarioResult> {
        self.previous.as_deref()
    }

    /// The results of all acts, the first one first.
    pub(crate) fn acts(&self) -> Vec<&ScenarioResult> {
        let mut acts: Vec<_> = std::iter::successors(Some(self), |act| act.previous()).collect();
        acts.reverse();
        acts
    }

    /// With those of the acts before.
    pub(crate) fn handle_count(&self) -> u32 {
        let own = u32::try_from(self.handles.len()).expect("fewer than 2^32 expectations");
        self.first_handle + own
    }

    /// By the number of a handle, of this act or one before.
    fn handle(&self, index: u32) -> Option<&HandleResult> {
        match index.checked_sub(self.first_handle) {
            Some(own) => self.handles.get(own as usize),
            None => self.previous()?.handle(index),
        }
    }

    /// By the number of a handle, of this act or one before.
    pub(crate) fn handle_data(&self, index: u32) -> Option<&HandleData> {
        self.handle(index).map(|handle| &*handle.data)
    }

    /// What became of the replies of this act, in the order of their registration.
    pub fn replies(&self) -> &[ReplyReport] {
        &self.replies
    }

    /// What happened, in order, in this act and the acts before.
    pub fn timeline(&self) -> &[TimelineEntry] {
        &self.timeline
    }

    /// Entries that the timeline had no room for.
    pub fn timeline_dropped(&self) -> u64 {
        self.timeline_dropped
    }
}

impl<M: 'static> Index<Handle<M>> for ScenarioResult {
    type Output = HandleReport<M>;

    /// # Panics
    ///
    /// When the handle is another scenario's, or one of a later act.
    #[track_caller]
    fn index(&self, handle: Handle<M>) -> &HandleReport<M> {
        let report = self
            .handle(handle.index)
            .filter(|_| handle.scenario == self.scenario)
            .and_then(|handle| handle.report.downcast_ref());
        match report {
            Some(report) => report,
            None if handle.scenario == self.scenario => panic!(
                "the handle belongs to a later act of `{}` than act {}: index the result of that act",
                self.name, self.act
            ),
            None => panic!(
                "the handle belongs to another scenario than `{}`",
                self.name
            ),
        }
    }
}

impl fmt::Debug for ScenarioResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScenarioResult")
            .field("name", &self.name)
            .field("outcome", &self.outcome)
            .field("error", &self.error)
            .field("handles", &self.handles.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ScenarioResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure_text())
    }
}
