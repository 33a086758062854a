//! One act of a scenario: readiness, trigger, messages, settling. The timers live here.
//!
//! Knows nothing of the steps' types; `scenario` puts those on top.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::dispatch::{Audience, Failure, Inbox, Member, OpenScenario, Registration, Router, lock};
use crate::expectation::{Anchor, Expectation, Offered, Terms};
use crate::ids::{CorrelationId, LegIndex};
use crate::matcher::MessagePattern;
use crate::outcome::{
    Handle, HandleResult, Outcome, Published, ScenarioError, ScenarioErrorKind, ScenarioResult,
};
use crate::reply::{Reply, ReplyRule, shown};
use crate::timeline::{Place, Timeline, TimelineAction};

mod leg;
mod receive;
mod request;
mod send;
mod unsupported;

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
    slots: Vec<Slot>,
    expectations: Vec<Expectation>,
    replies: Vec<Reply>,
    timeline: Timeline,
    trigger: Trigger,
    published: Vec<Published>,
    error: Option<ScenarioError>,
    /// Replies that are being built or sent; aborted with the scenario.
    tasks: Vec<AbortHandle>,
    /// Set once; the end of the act.
    result: Option<Arc<ScenarioResult>>,
    open: Vec<OpenScenario>,
    settling: bool,
}

/// The act, shared by the test's side and the receive tasks.
pub(crate) struct Act {
    pub(crate) name: Arc<str>,
    pub(crate) scenario: u64,
    pub(crate) timeout: Duration,
    /// The scenario's id; each transport has its own form of it.
    id: Option<CorrelationId>,
    legs: Vec<Leg>,
    started: Instant,
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
        name: Arc<str>,
        timeout: Duration,
    ) -> Arc<Self> {
        assert!(!legs.is_empty(), "a scenario has a transport");
        let started = Instant::now();
        let act = Arc::new(Self {
            name,
            scenario: NEXT_SCENARIO.fetch_add(1, Ordering::Relaxed),
            timeout,
            id,
            legs,
            started,
            state: Mutex::new(State {
                slots: Vec::new(),
                expectations: Vec::new(),
                replies: Vec::new(),
                timeline: Timeline::starting_at(started),
                trigger: Trigger::None,
                published: Vec::new(),
                error: None,
                tasks: Vec::new(),
                result: None,
                open: Vec::new(),
                settling: false,
            }),
            changed: Notify::new(),
        });
        let open = (0..)
            .zip(&act.legs)
            .map(|(index, leg)| leg.router.open(act.member(index)))
            .collect();
        lock(&act.state).open = open;
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

    pub(crate) fn correlation_id(&self) -> Option<&CorrelationId> {
        self.id.as_ref()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match lock(&self.state).trigger {
            Trigger::Done(anchor) => anchor.at.elapsed(),
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
            if let Ok(connection) = leg.router.connection()
                && let Err(reason) = connection.check_topic(topic)
            {
                let text = format!("cannot subscribe to `{topic}`: {reason}");
                self.record_error(state, ScenarioErrorKind::Subscribe, text);
            }
            let registration = state.error.is_none().then(|| {
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
        u32::try_from(index).expect("fewer than 2^32 topics")
    }

    pub(crate) fn expect<P: MessagePattern>(
        self: &Arc<Self>,
        on: LegIndex,
        topic: &str,
        pattern: P,
        terms: Terms,
    ) -> Handle<P::Message> {
        // Another scenario's handle has no instant here: the trigger starts the clock then.
        let since = terms
            .since
            .filter(|(scenario, _)| *scenario == self.scenario)
            .map(|(_, index)| index);
        let mut state = lock(&self.state);
        let index = u32::try_from(state.expectations.len()).expect("fewer than 2^32 expectations");
        if state.result.is_none() {
            self.check_readable(&mut state, on, &format!("`{topic}`"), &terms.envelope);
            let slot = self.slot(&mut state, on, topic);
            let topic = Arc::clone(&state.slots[slot as usize].topic);
            let expectation = Expectation::new(on.0, topic, slot, pattern, terms, since);
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
                self.check_readable(&mut state, on, &topics, pattern.envelope());
            }
            self.check_answer(&mut state, on, &rule);
            let topics = rule.triggers.iter();
            let slots = topics
                .map(|topic| self.slot(&mut state, on, topic))
                .collect();
            state.replies.push(Reply::new(on.0, slots, rule));
        }
    }

    /// Ends the scenario as error; the first cause stays.
    pub(crate) fn fail_with(&self, kind: ScenarioErrorKind, text: impl Into<String>) {
        self.record_error(&mut lock(&self.state), kind, text.into());
        self.changed.notify_waiters();
    }

    fn record_error(&self, state: &mut State, kind: ScenarioErrorKind, text: String) {
        if state.error.is_none() && state.result.is_none() {
            let place = Place::default();
            state
                .timeline
                .record(Instant::now(), TimelineAction::Error, place, "");
            state.error = Some(ScenarioError { kind, text });
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.state).error.is_some()
    }

    /// Resolves when nothing can change the outcome any more although the test's own code may still
    /// run: an error, or the end of the time with expectations open. Never while the test settles.
    pub(crate) async fn ended(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let deadline = {
                let state = lock(&self.state);
                if state.settling {
                    None
                } else if state.error.is_some() {
                    return;
                } else if state.is_decided() {
                    None
                } else {
                    state.deadline(self.timeout)
                }
            };
            let Some(deadline) = deadline else {
                changed.await;
                continue;
            };
            tokio::select! {
                () = &mut changed => {}
                () = tokio::time::sleep_until(deadline.into()) => {
                    if !lock(&self.state).settling {
                        return;
                    }
                }
            }
        }
    }

    /// Waits until the act is decided or its time is up, and freezes it. Later calls give the same.
    pub(crate) async fn settle(&self) -> Arc<ScenarioResult> {
        lock(&self.state).settling = true;
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let deadline = {
                let mut state = lock(&self.state);
                if let Some(result) = &state.result {
                    return Arc::clone(result);
                }
                self.check_sense(&mut state);
                if state.error.is_some() || state.is_decided() {
                    return self.finish(&mut state, false);
                }
                state.deadline(self.timeout)
            };
            // A triggered act always has a deadline; this one ends even if that should change.
            let deadline = deadline.unwrap_or_else(|| Instant::now() + self.timeout);
            tokio::select! {
                () = &mut changed => {}
                () = tokio::time::sleep_until(deadline.into()) => {
                    let mut state = lock(&self.state);
                    if let Some(result) = &state.result {
                        return Arc::clone(result);
                    }
                    self.record_deadline(&mut state);
                    return self.finish(&mut state, false);
                }
            }
        }
    }

    fn record_deadline(&self, state: &mut State) {
        let now = Instant::now();
        let State {
            expectations,
            replies,
            slots,
            timeline,
            ..
        } = state;
        for slot in replies.iter().filter_map(Reply::missed) {
            let Slot { leg, topic, .. } = &slots[slot as usize];
            let place = self.leg(*leg).place(Some(topic));
            timeline.record(
                now,
                TimelineAction::Deadline,
                place,
                "a required reply is owed",
            );
        }
        for expectation in expectations
            .iter()
            .filter(|expectation| expectation.is_open())
        {
            let detail = match expectation.near_miss_count() {
                0 => "nothing came".to_owned(),
                count => format!("{count} came, none matched"),
            };
            timeline.record(
                now,
                TimelineAction::Deadline,
                self.legs[expectation.leg as usize].place(Some(&expectation.topic)),
                detail,
            );
        }
    }

    /// Ends the act as it is, without waiting: the body panicked, returned an error, or was cancelled.
    pub(crate) fn abandon(&self) -> Arc<ScenarioResult> {
        let mut state = lock(&self.state);
        match &state.result {
            Some(result) => Arc::clone(result),
            None => self.finish(&mut state, true),
        }
    }

    /// Ends the act at its deadline while the body still runs.
    pub(crate) fn expire(&self) -> Arc<ScenarioResult> {
        let mut state = lock(&self.state);
        if let Some(result) = &state.result {
            return Arc::clone(result);
        }
        if state.error.is_none() {
            self.record_deadline(&mut state);
        }
        self.finish(&mut state, false)
    }

    /// A scenario that cannot fail, or was never started, proves nothing.
    fn check_sense(&self, state: &mut State) {
        if state.expectations.is_empty() && state.replies.is_empty() {
            let text = "nothing is expected: this test cannot fail. Say what must come with `expect!` \
                        before the trigger";
            self.record_error(state, ScenarioErrorKind::NothingExpected, text.to_owned());
        } else if matches!(state.trigger, Trigger::None) {
            let text = "the scenario was never triggered: `publish!` the message that starts it, or \
                        `begin!(s)` when something else does";
            self.record_error(state, ScenarioErrorKind::NotTriggered, text.to_owned());
        }
    }

    fn finish(&self, state: &mut State, abandoned: bool) -> Arc<ScenarioResult> {
        let now = Instant::now();
        for task in state.tasks.drain(..) {
            task.abort();
        }
        let (anchor, waited) = match state.trigger {
            Trigger::Done(anchor) => (Some(anchor), now.saturating_duration_since(anchor.at)),
            Trigger::Sending { since } => (
                Some(Anchor {
                    at: since,
                    earliest: since,
                }),
                now.saturating_duration_since(since),
            ),
            Trigger::None => (None, Duration::ZERO),
        };
        let interrupted = abandoned || state.error.is_some();
        let expectations = std::mem::take(&mut state.expectations);
        let since: Vec<_> = expectations
            .iter()
            .map(|expectation| expectation.since.map(|index| &expectations[index as usize]))
            .map(|start| start.and_then(Expectation::matched_at))
            .collect();
        let handles: Vec<_> = expectations
            .into_iter()
            .zip(since)
            .map(|(expectation, since)| {
                let anchor = since.map(|at| Anchor { at, earliest: at }).or(anchor);
                let registration = &state.slots[expectation.slot as usize].registration;
                let traffic = registration.as_ref().map(Registration::traffic);
                let traffic = traffic.unwrap_or_default();
                let (data, report) = expectation.finish(anchor, waited, interrupted, traffic);
                HandleResult { data, report }
            })
            .collect();
        let only_replies = handles.is_empty();
        let legs: Vec<_> = self.legs.iter().map(|leg| Arc::clone(&leg.info)).collect();
        let replies: Vec<_> = std::mem::take(&mut state.replies)
            .into_iter()
            .map(|reply| reply.finish(&legs, interrupted))
            .collect();
        let mut outcome = handles
            .iter()
            .map(|handle| handle.data.outcome)
            .max()
            .unwrap_or(Outcome::Pass);
        for reply in &replies {
            outcome = outcome.max(reply.outcome(only_replies));
        }
        if state.error.is_some() {
            outcome = Outcome::Error;
        }
        let (timeline, timeline_dropped) = state.timeline.finish();
        let busiest = handles
            .iter()
            .find(|handle| handle.data.outcome >= Outcome::Fail);
        let busy_topics = busiest
            .map(|handle| {
                let router = &self.legs[handle.data.leg as usize].router;
                router.busy_topics(&handle.data.topic, self.started)
            })
            .unwrap_or_default();
        let result = Arc::new(ScenarioResult {
            name: Arc::clone(&self.name),
            scenario: self.scenario,
            outcome,
            error: state.error.clone(),
            handles,
            replies,
            timeline,
            timeline_dropped,
            correlation_id: self.id.clone(),
            published: std::mem::take(&mut state.published),
            inboxes: self
                .legs
                .iter()
                .filter_map(|leg| leg.inbox.get().cloned())
                .collect(),
            legs,
            busy_topics,
            timeout: self.timeout,
        });
        state.result = Some(Arc::clone(&result));
        self.leave(state);
        result
    }

    /// Gives up every place at the router.
    fn leave(&self, state: &mut State) {
        for (open, leg) in state.open.drain(..).zip(&self.legs) {
            open.retire(leg.id());
        }
        state.slots.clear();
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
    fn deadline(&self, timeout: Duration) -> Option<Instant> {
        match self.trigger {
            Trigger::Done(anchor) => Some(anchor.at + timeout),
            // A publish has a bound of its own.
            Trigger::None | Trigger::Sending { .. } => None,
        }
    }

    /// Every expectation is decided, no reply is under way or owes an answer; with replies only, each
    /// has answered.
    fn is_decided(&self) -> bool {
        if !matches!(self.trigger, Trigger::Done(_)) {
            return false;
        }
        if self.expectations.is_empty() {
            return self.replies.iter().all(Reply::is_finished);
        }
        self.expectations
            .iter()
            .all(|expectation| !expectation.is_open())
            && !self
                .replies
                .iter()
                .any(|reply| reply.is_busy() || reply.is_owed())
    }
}

fn offered_action(offered: &Offered) -> TimelineAction {
    match offered {
        Offered::Ignored => TimelineAction::Received,
        Offered::Matched => TimelineAction::Matched,
        Offered::NearMiss => TimelineAction::NearMiss,
        Offered::Failed(_) => TimelineAction::Error,
    }
}

impl Inbox for Act {
    fn deliver(self: Arc<Self>, slot: u32, message: &Arc<crate::codec::Incoming>) {
        self.receive(slot, message);
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
            Failure::PolicyPanicked { topic, place } => (
                ScenarioErrorKind::Correlation,
                format!("the correlation policy ({place}) panicked on a message on `{topic}`"),
            ),
        };
        self.fail_with(kind, text);
    }
}
