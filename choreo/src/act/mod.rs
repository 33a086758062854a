//! One act of a scenario: readiness, trigger, messages, settling. The timers live here.
//!
//! Knows nothing of the steps' types; `scenario` puts those on top.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::clock;
use crate::dispatch::{Audience, Failure, Inbox, Member, OpenScenario, Registration, Router, lock};
use crate::expectation::{Anchor, ArrivalOrder, Expectation, Listening, Terms};
use crate::ids::{CorrelationId, LegIndex};
use crate::matcher::{MessagePattern, Pattern};
use crate::outcome::{Handle, Published, ScenarioError, ScenarioErrorKind, ScenarioResult};
use crate::reply::{Player, Reply, ReplyRule, shown};
use crate::timeline::{Logged, MessageLog, Place, Timeline, TimelineAction};

mod constraint;
mod finish;
mod leg;
mod next;
mod receive;
mod request;
#[cfg(feature = "insta")]
mod review;
mod send;
mod settle;
mod silence;
mod unsupported;
mod waiting;

pub(crate) use leg::Leg;
pub use send::PublishDraft;

static NEXT_SCENARIO: AtomicU64 = AtomicU64::new(0);

/// A topic that the scenario listens on.
struct Slot {
    leg: LegIndex,
    topic: Arc<str>,
    /// Nothing when the scenario had failed already: the broker is not asked then.
    registration: Option<Registration>,
}

/// What starts the clock.
#[derive(Debug, Clone, Copy)]
enum Trigger {
    /// Nothing yet.
    None,
    /// The first message is on its way.
    Sending { since: Instant },
    /// The clock runs.
    Done(Anchor),
}

struct State {
    /// When the act was opened.
    opened: Instant,
    /// How the act before this one ended.
    previous: Option<Arc<ScenarioResult>>,
    slots: Vec<Slot>,
    /// Slots of earlier acts: a message that is under way to one of them must not find another here.
    earlier_slots: u32,
    expectations: Vec<Expectation>,
    orders: Vec<ArrivalOrder>,
    replies: Vec<Reply>,
    /// Snapshots that are named after the scenario, in all its acts.
    #[cfg(feature = "insta")]
    snapshots: u32,
    /// Messages that have come for this scenario, and those that it sent.
    messages: MessageLog,
    /// A message came that must not have come: the scenario ends as fail.
    violated: bool,
    timeline: Timeline,
    trigger: Trigger,
    published: Vec<Published>,
    error: Option<ScenarioError>,
    /// Replies that are being built or sent; aborted with the scenario.
    tasks: Vec<AbortHandle>,
    /// Set once; the end of the act.
    result: Option<Arc<ScenarioResult>>,
    open: Vec<OpenScenario>,
    /// Those who wait for the end.
    settling: u32,
    /// When the time was up: what comes later is late.
    expired: Option<Instant>,
    /// Transports that gave no sign of life: their silence proves nothing.
    unheard: Vec<u32>,
}

/// The act, shared by the test's side and the receive tasks.
pub(crate) struct Act {
    pub(crate) name: Arc<str>,
    pub(crate) scenario: u64,
    pub(crate) timeout: Duration,
    /// The scenario's id; each transport has its own form of it.
    id: Option<CorrelationId>,
    /// The type that joins the ids of a stage's transports.
    bridge: Option<&'static str>,
    legs: Vec<Leg>,
    state: Mutex<State>,
    changed: Notify,
}

impl Act {
    /// # Panics
    ///
    /// Without a transport.
    pub(crate) fn open(
        legs: Vec<Leg>,
        id: Option<CorrelationId>,
        bridge: Option<&'static str>,
        name: Arc<str>,
        timeout: Duration,
    ) -> Arc<Self> {
        assert!(!legs.is_empty(), "a scenario has a transport");
        let started = clock::now();
        let act = Arc::new(Self {
            name,
            scenario: NEXT_SCENARIO.fetch_add(1, Ordering::Relaxed),
            timeout,
            id,
            bridge,
            legs,
            state: Mutex::new(State {
                opened: started,
                previous: None,
                slots: Vec::new(),
                earlier_slots: 0,
                expectations: Vec::new(),
                orders: Vec::new(),
                replies: Vec::new(),
                #[cfg(feature = "insta")]
                snapshots: 0,
                messages: MessageLog::default(),
                violated: false,
                timeline: Timeline::starting_at(started),
                trigger: Trigger::None,
                published: Vec::new(),
                error: None,
                tasks: Vec::new(),
                result: None,
                open: Vec::new(),
                settling: 0,
                expired: None,
                unheard: Vec::new(),
            }),
            changed: Notify::new(),
        });
        act.enter(&mut lock(&act.state));
        act
    }

    /// The act as the router of one of its transports knows it.
    fn member(self: &Arc<Self>, leg: u32) -> Member {
        Member {
            leg,
            inbox: Arc::clone(self) as Arc<dyn Inbox>,
        }
    }

    pub(super) fn leg(&self, index: LegIndex) -> &Leg {
        &self.legs[index.0 as usize]
    }

    /// The transport that a harness is for this scenario.
    pub(crate) fn leg_of(&self, router: &Arc<Router>) -> Option<LegIndex> {
        let mut indices = (0..).zip(&self.legs);
        let (index, _) = indices.find(|(_, leg)| Arc::ptr_eq(&leg.router, router))?;
        Some(LegIndex(index))
    }

    pub(crate) fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// The name of the type that joins the ids of a stage's transports.
    pub(crate) fn bridge(&self) -> Option<&'static str> {
        self.bridge
    }

    /// The messages that the scenario saw and sent, the oldest first, and how many older ones were dropped.
    pub(crate) fn messages(&self) -> (Vec<Logged>, u64) {
        lock(&self.state).messages.snapshot()
    }

    pub(crate) fn correlation_id(&self) -> Option<&CorrelationId> {
        self.id.as_ref()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match lock(&self.state).trigger {
            Trigger::Done(anchor) => clock::now().saturating_duration_since(anchor.at),
            Trigger::None | Trigger::Sending { .. } => Duration::ZERO,
        }
    }

    /// The slot of a topic, registered when it is new.
    fn slot(self: &Arc<Self>, state: &mut State, on: LegIndex, topic: &str) -> u32 {
        let leg = self.leg(on);
        let found = state
            .slots
            .iter()
            .position(|slot| slot.leg == on && &*slot.topic == topic);
        let index = found.unwrap_or_else(|| {
            let slot = u32::try_from(state.slots.len()).expect("fewer than 2^32 topics");
            let slot = state.earlier_slots + slot;
            if let Ok(connection) = leg.router.connection()
                && let Err(reason) = connection.check_topic(topic)
            {
                let text = format!("cannot subscribe to `{topic}`: {reason}");
                self.record_error(state, ScenarioErrorKind::Subscribe, text);
            }
            if let Some(reason) = leg.abilities().no_wildcards(topic) {
                let text = format!("cannot subscribe to `{topic}`: {reason}");
                self.record_error(state, ScenarioErrorKind::Unsupported, text);
            }
            let registration = (!state.has_failed()).then(|| {
                let audience = if leg.is_inbox(topic) {
                    Audience::Owner
                } else {
                    Audience::Everyone
                };
                leg.router
                    .register(topic, audience, leg.id(), slot, self.member(on.0))
            });
            let topic = match &registration {
                Some(registration) => Arc::clone(registration.topic()),
                None => topic.into(),
            };
            state.slots.push(Slot {
                leg: on,
                topic,
                registration,
            });
            state.slots.len() - 1
        });
        state.earlier_slots + u32::try_from(index).expect("fewer than 2^32 topics")
    }

    pub(crate) fn expect<P: MessagePattern>(
        self: &Arc<Self>,
        on: LegIndex,
        topic: &str,
        pattern: P,
        terms: Terms,
    ) -> Handle<P::Message> {
        self.add(on, topic, terms, |listening, terms, since| {
            Expectation::new(listening, pattern, terms, since)
        })
    }

    pub(crate) fn expect_set(
        self: &Arc<Self>,
        on: LegIndex,
        topic: &str,
        patterns: Vec<Pattern>,
        terms: Terms,
    ) -> Handle<Value> {
        self.add(on, topic, terms, |listening, terms, since| {
            Expectation::set(listening, patterns, &terms, since)
        })
    }

    fn add<M>(
        self: &Arc<Self>,
        on: LegIndex,
        topic: &str,
        terms: Terms,
        make: impl FnOnce(Listening, Terms, Option<u32>) -> Expectation,
    ) -> Handle<M> {
        // Another scenario's handle has no instant here: the trigger starts the clock then.
        let since = terms
            .since
            .filter(|(scenario, _)| *scenario == self.scenario)
            .map(|(_, index)| index);
        let mut state = lock(&self.state);
        let index = u32::try_from(state.expectations.len()).expect("fewer than 2^32 expectations");
        let index = state.earlier_handles() + index;
        if state.result.is_none() {
            self.check_readable(&mut state, on, format_args!("`{topic}`"), &terms.envelope);
            self.check_sound(&mut state, on, topic, &terms);
            self.check_ordered(&mut state, on, topic, &terms);
            let slot = self.slot(&mut state, on, topic);
            let expectation = make(state.listening(on, slot), terms, since);
            #[cfg(feature = "insta")]
            if let Some(snapshot) = expectation.snapshot().filter(|it| !it.is_named()) {
                state.snapshots += 1;
                snapshot.name_after(&self.name, state.snapshots);
            }
            if state.expectations.is_empty() {
                // One is the rule, and they are large.
                state.expectations.reserve_exact(1);
            }
            state.expectations.push(expectation);
        }
        Handle {
            scenario: self.scenario,
            index,
            message: std::marker::PhantomData,
        }
    }

    pub(crate) fn reply(self: &Arc<Self>, on: LegIndex, rule: ReplyRule) {
        let mut state = lock(&self.state);
        if state.result.is_none() {
            if let Some(problem) = rule.problem() {
                self.record_error(&mut state, ScenarioErrorKind::Reply, problem);
            }
            if let Some(pattern) = &rule.pattern {
                let topics = shown(&rule.triggers);
                self.check_readable(&mut state, on, topics, pattern.envelope());
            }
            self.check_answer(&mut state, on, &rule);
            let topics = rule.triggers.iter();
            let slots = topics
                .map(|topic| self.slot(&mut state, on, topic))
                .collect();
            let player = Player {
                scenario: &self.name,
                act: state.act(),
                index: state.replies.len(),
            };
            let dice = rule.dice(player).unwrap_or_else(|problem| {
                self.record_error(&mut state, ScenarioErrorKind::Reply, problem);
                None
            });
            state.replies.push(Reply::new(on.0, slots, rule, dice));
        }
    }

    /// Ends the scenario as error; the first cause stays.
    pub(crate) fn fail_with(&self, kind: ScenarioErrorKind, text: impl Into<String>) {
        self.record_error(&mut lock(&self.state), kind, text.into());
        self.changed.notify_waiters();
    }

    /// The same, because of one transport.
    fn fail_on(&self, leg: &Leg, kind: ScenarioErrorKind, text: String) {
        self.record_error_at(&mut lock(&self.state), leg.place(None), kind, text);
        self.changed.notify_waiters();
    }

    fn record_error(&self, state: &mut State, kind: ScenarioErrorKind, text: String) {
        self.record_error_at(state, Place::default(), kind, text);
    }

    fn record_error_at(
        &self,
        state: &mut State,
        place: Place<'_>,
        kind: ScenarioErrorKind,
        text: String,
    ) {
        if !state.has_failed() && state.result.is_none() {
            state
                .timeline
                .record(clock::now(), TimelineAction::Error, place, "");
            state.error = Some(ScenarioError { kind, text });
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.state).has_failed()
    }

    /// A scenario that cannot fail, or was never started, proves nothing.
    fn check_sense(&self, state: &mut State) {
        let act = Some(state.act()).filter(|act| *act > 1);
        if state.expectations.is_empty() && state.replies.is_empty() {
            let what = match act {
                None => "nothing is expected: this test cannot fail".to_owned(),
                Some(act) => format!("nothing is expected in act {act}: it cannot fail"),
            };
            let text = format!("{what}. Say what must come with `expect!` before the trigger");
            self.record_error(state, ScenarioErrorKind::NothingExpected, text);
        } else if matches!(state.trigger, Trigger::None) {
            let what = match act {
                None => "the scenario".to_owned(),
                Some(act) => format!("act {act}"),
            };
            let text = format!(
                "{what} was never triggered: `publish!` the message that starts it, or `begin!(s)` \
                 when something else does"
            );
            self.record_error(state, ScenarioErrorKind::NotTriggered, text);
        }
    }

    /// Leaves nothing behind, however the scenario ended.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        for task in state.tasks.drain(..) {
            task.abort();
        }
        self.leave(&mut state);
    }
}

impl State {
    /// When the time of the act is up.
    fn deadline(&self, timeout: Duration) -> Option<Instant> {
        match self.trigger {
            Trigger::Done(anchor) => Some(anchor.at + timeout),
            // A publish has a bound of its own.
            Trigger::None | Trigger::Sending { .. } => None,
        }
    }

    /// Something was waited for, and nothing at all came for it.
    fn waited_in_vain(&self) -> bool {
        let mut open = self.expectations.iter().filter(|other| other.is_open());
        open.any(Expectation::is_untouched)
            || self.replies.iter().any(|reply| {
                (self.expectations.is_empty() || reply.is_owed()) && reply.is_untouched()
            })
    }

    /// Nothing that comes can make it better.
    fn is_broken(&self) -> bool {
        self.has_failed() || self.violated
    }
}

impl Inbox for Act {
    fn deliver(self: Arc<Self>, slot: u32, message: &Arc<crate::codec::Incoming>) {
        self.receive(slot, message);
    }

    fn may_have_sent(&self, leg: u32, topic: &str) -> bool {
        lock(&self.state).messages.may_have_sent(leg, topic)
    }

    fn fail(&self, leg: u32, cause: Failure) {
        let transport = &self.legs[leg as usize].info;
        let (kind, text) = match cause {
            Failure::Lost(reason) => (
                ScenarioErrorKind::Lost,
                format!("the connection to {transport} was lost: {reason}"),
            ),
            Failure::Refused(reason) => (
                ScenarioErrorKind::Refused,
                format!("{transport} refused: {reason}"),
            ),
            Failure::WithoutId { topic, place } => (
                ScenarioErrorKind::Correlation,
                format!(
                    "a message on `{topic}` carries no correlation id ({place}), and this harness \
                     requires one on every message"
                ),
            ),
            Failure::PolicyPanicked {
                topic,
                place,
                message,
            } => (
                ScenarioErrorKind::Correlation,
                format!(
                    "the correlation policy ({place}) panicked on a message on `{topic}`: {message}"
                ),
            ),
        };
        self.fail_on(&self.legs[leg as usize], kind, text);
    }
}
