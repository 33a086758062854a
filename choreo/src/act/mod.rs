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
    Handle, HandleResult, Outcome, Published, ReplyState, ScenarioError, ScenarioErrorKind,
    ScenarioResult,
};
use crate::reply::{Reply, ReplyRule};
use crate::timeline::{Place, Timeline, TimelineAction};

mod leg;
mod next;
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
    /// When the act was opened.
    opened: Instant,
    /// How the act before this one ended.
    previous: Option<Arc<ScenarioResult>>,
    slots: Vec<Slot>,
    /// Slots of earlier acts: a message that is under way to one of them must not find another here.
    earlier_slots: u32,
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
            state: Mutex::new(State {
                opened: started,
                previous: None,
                slots: Vec::new(),
                earlier_slots: 0,
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
            let slot = state.earlier_slots + slot;
            if let Ok(connection) = leg.router.connection()
                && let Err(reason) = connection.check_topic(topic)
            {
                let text = format!("cannot subscribe to `{topic}`: {reason}");
                self.record_error(state, ScenarioErrorKind::Subscribe, text);
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
        // Another scenario's handle has no instant here: the trigger starts the clock then.
        let since = terms
            .since
            .filter(|(scenario, _)| *scenario == self.scenario)
            .map(|(_, index)| index);
        let mut state = lock(&self.state);
        let index = u32::try_from(state.expectations.len()).expect("fewer than 2^32 expectations");
        let index = state.earlier_handles() + index;
        if state.result.is_none() {
            self.check_readable(&mut state, on, topic, &terms.envelope);
            let slot = self.slot(&mut state, on, topic);
            let topic = Arc::clone(&state.slot(slot).expect("it was just made").topic);
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
            if let Some(pattern) = &rule.pattern {
                self.check_readable(&mut state, on, &rule.trigger, pattern.envelope());
            }
            self.check_answer(&mut state, on, &rule);
            let slot = self.slot(&mut state, on, &rule.trigger);
            state.replies.push(Reply::new(on.0, slot, rule));
        }
    }

    /// Ends the scenario as error; the first cause stays.
    pub(crate) fn fail_with(&self, kind: ScenarioErrorKind, text: impl Into<String>) {
        self.record_error(&mut lock(&self.state), kind, text.into());
        self.changed.notify_waiters();
    }

    fn record_error(&self, state: &mut State, kind: ScenarioErrorKind, text: String) {
        if !state.has_failed() && state.result.is_none() {
            let place = Place::default();
            state
                .timeline
                .record(Instant::now(), TimelineAction::Error, place, "");
            state.error = Some(ScenarioError { kind, text });
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.state).has_failed()
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
                } else if state.has_failed() {
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
                if state.has_failed() || state.is_decided() {
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
            timeline,
            ..
        } = state;
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
        if !state.has_failed() {
            self.record_deadline(&mut state);
        }
        self.finish(&mut state, false)
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

    fn finish(&self, state: &mut State, abandoned: bool) -> Arc<ScenarioResult> {
        if let Some(previous) = &state.previous
            && previous.outcome.is_failure()
            && state.expectations.is_empty()
            && state.replies.is_empty()
        {
            // The scenario ended in the act before.
            let result = Arc::clone(previous);
            state.result = Some(Arc::clone(&result));
            return result;
        }
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
        let interrupted = abandoned || state.has_failed();
        let since: Vec<_> = state
            .expectations
            .iter()
            .map(|expectation| state.matched_at(expectation.since?))
            .collect();
        let handles: Vec<_> = std::mem::take(&mut state.expectations)
            .into_iter()
            .zip(since)
            .map(|(expectation, since)| {
                let anchor = since.map(|at| Anchor { at, earliest: at }).or(anchor);
                let registration = state
                    .slot(expectation.slot)
                    .and_then(|slot| slot.registration.as_ref());
                let traffic = registration.map(Registration::traffic);
                let traffic = traffic.unwrap_or_default();
                let (data, report) = expectation.finish(anchor, waited, interrupted, traffic);
                HandleResult { data, report }
            })
            .collect();
        let only_replies = handles.is_empty();
        let legs: Vec<_> = self.legs.iter().map(|leg| Arc::clone(&leg.info)).collect();
        let replies: Vec<_> = std::mem::take(&mut state.replies)
            .into_iter()
            .map(|reply| reply.finish(&legs))
            .collect();
        let mut outcome = handles
            .iter()
            .map(|handle| handle.data.outcome)
            .max()
            .unwrap_or(Outcome::Pass);
        for reply in &replies {
            outcome = outcome.max(match reply.state {
                ReplyState::Failed(_) => Outcome::Error,
                ReplyState::ArmedNoMatch if only_replies => Outcome::Timeout,
                ReplyState::ArmedMismatched if only_replies => Outcome::Fail,
                _ => Outcome::Pass,
            });
        }
        if let Some(previous) = &state.previous {
            let earlier = previous.outcome;
            // What a failed act leaves undecided is no worse than the failure.
            outcome = if earlier.is_failure() {
                earlier
            } else {
                earlier.max(outcome)
            };
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
                router.busy_topics(&handle.data.topic, state.opened)
            })
            .unwrap_or_default();
        let act = state.act();
        let first_handle = state.earlier_handles();
        let result = Arc::new(ScenarioResult {
            act,
            first_handle,
            name: Arc::clone(&self.name),
            scenario: self.scenario,
            outcome,
            error: state.error.clone(),
            previous: state.previous.clone(),
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

    /// Every expectation is decided and no reply is under way; with replies only, each has answered.
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
            && !self.replies.iter().any(Reply::is_busy)
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
