//! The end of an act: its expectations and replies become its result.

use std::sync::Arc;
use std::time::Duration;

use super::{Act, State, Trigger};
use crate::clock;
use crate::dispatch::Registration;
use crate::expectation::{Anchor, Closing};
use crate::ids::LegIndex;
use crate::outcome::{
    BusyTopic, HandleData, HandleResult, Outcome, ScenarioResult, Slip, SlipKnown,
};
use crate::text::is_slip;

/// What stands for other text in the patterns of topics of one transport or another.
const OF_PATTERNS: [char; 7] = ['*', '>', '#', '+', '?', '[', '^'];

impl Act {
    /// Freezes the act. `abandoned` when its time was not up.
    pub(super) fn finish(&self, state: &mut State, abandoned: bool) -> Arc<ScenarioResult> {
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
        let now = clock::now();
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
        // What came while the brokers were asked was not looked at.
        let until = state.expired.unwrap_or(now);
        let interrupted = abandoned || state.is_broken();
        let out_of_order = state.out_of_order();
        self.record_missed(state, until);
        let starts: Vec<_> = state
            .expectations
            .iter()
            .map(|expectation| {
                let start = expectation
                    .since
                    .and_then(|since| state.satisfied_at(since));
                let start = start.map(|came| came.at);
                let unheard = state.is_unheard(expectation);
                let missed = state.has_missed(expectation, until) && !state.is_lost(expectation);
                (start, state.opening(expectation), unheard, missed)
            })
            .collect();
        let handles: Vec<_> = std::mem::take(&mut state.expectations)
            .into_iter()
            .zip(starts)
            .map(|(expectation, (since, opening, unheard, missed))| {
                let anchor = since.map(|at| Anchor { at, earliest: at }).or(anchor);
                let registration = state
                    .slot(expectation.slot)
                    .and_then(|slot| slot.registration.as_ref());
                let traffic = registration.map(Registration::traffic);
                let traffic = traffic.unwrap_or_default();
                let closing = Closing {
                    now: until,
                    waited,
                    interrupted,
                    unheard,
                    missed,
                };
                let (data, report) = expectation.finish(anchor, opening, closing, traffic);
                HandleResult { data, report }
            })
            .collect();
        let slots = state.slots.iter();
        let heard =
            slots.filter_map(|slot| Some((slot.leg.0, slot.registration.as_ref()?.heard())));
        let heard = heard.collect();
        let only_replies = handles.is_empty();
        let legs: Vec<_> = self.legs.iter().map(|leg| Arc::clone(&leg.info)).collect();
        let replies: Vec<_> = std::mem::take(&mut state.replies)
            .into_iter()
            .map(|reply| reply.finish(&legs, interrupted))
            .collect();
        // What ended before its time says nothing beside a failure, and is no pass by itself.
        let worst = |with_unjudged: bool| {
            let handles = handles.iter().map(|handle| &handle.data);
            let counted = handles.filter(|data| with_unjudged || !data.is_unjudged());
            let outcomes = counted.map(|data| data.outcome);
            outcomes.max().unwrap_or(Outcome::Pass)
        };
        let judged = worst(false);
        let mut outcome = if judged.is_failure() {
            judged
        } else {
            worst(true)
        };
        if state.violated || out_of_order.is_some() {
            outcome = Outcome::Fail;
        }
        for reply in &replies {
            outcome = outcome.max(reply.outcome(only_replies));
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
        let failed = |handle: &HandleResult| handle.data.outcome >= Outcome::Fail;
        let (mut busy_topics, mut slips) = (Vec::new(), Vec::new());
        if handles.iter().any(failed) {
            busy_topics = self.busy_topics(state);
            let silent = handles.iter().filter(|handle| failed(handle));
            slips = self.slips(state, silent.map(|handle| &*handle.data), &busy_topics);
        }
        let act = state.act();
        let first_handle = state.earlier_handles();
        let result = Arc::new(ScenarioResult {
            act,
            started: state.timeline.start(),
            opened: state.opened,
            triggered: anchor.map(|anchor| anchor.at),
            ended: now,
            first_handle,
            name: Arc::clone(&self.name),
            scenario: self.scenario,
            outcome,
            error: state.error.clone(),
            previous: state.previous.clone(),
            handles,
            out_of_order,
            replies,
            heard,
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
            slips,
            timeout: self.timeout,
        });
        state.result = Some(Arc::clone(&result));
        self.leave(state);
        result
    }

    /// On all transports: the message that did not come may be on another one.
    fn busy_topics(&self, state: &State) -> Vec<BusyTopic> {
        let mut busy = Vec::new();
        for (leg, on) in (0..).zip(&self.legs) {
            let listened = on.router.busy_topics(state.opened).into_iter();
            busy.extend(listened.map(|(topic, received, or_more)| BusyTopic {
                leg,
                topic,
                received,
                or_more,
                overheard: false,
            }));
            if state.listens_by_pattern(LegIndex(leg)) {
                continue;
            }
            for (topic, received) in on.router.overheard(state.opened, on.id()) {
                let is_busy = |it: &BusyTopic| it.leg == leg && it.topic == topic;
                if !busy.iter().any(is_busy) && !state.knows(LegIndex(leg), &topic) {
                    busy.push(BusyTopic {
                        leg,
                        topic,
                        received,
                        or_more: false,
                        overheard: true,
                    });
                }
            }
        }
        busy
    }

    /// Topics that may be slips of the pen for those that stayed silent: what the harness overheard, then what the
    /// broker knows to have reached nobody. One that cannot tell leaves what the scenario itself sent and does not
    /// listen for.
    fn slips<'a>(
        &self,
        state: &State,
        silent: impl Iterator<Item = &'a HandleData>,
        busy: &[BusyTopic],
    ) -> Vec<Slip> {
        let mut slips: Vec<Slip> = Vec::new();
        for data in silent {
            let is_told = |slip: &Slip| slip.leg == data.leg && slip.silent == data.topic;
            if data.topic.contains(OF_PATTERNS) || slips.iter().any(is_told) {
                continue;
            }
            let of_leg = |it: &&BusyTopic| it.leg == data.leg && it.overheard;
            let mut overheard = busy.iter().filter(of_leg);
            if let Some(topic) = overheard.find(|it| is_slip(&it.topic, &data.topic)) {
                slips.push(Slip {
                    leg: data.leg,
                    topic: Arc::clone(&topic.topic),
                    silent: Arc::clone(&data.topic),
                    known: SlipKnown::Overheard,
                });
                continue;
            }
            let unread = self.legs[data.leg as usize]
                .router
                .unread_topics(state.opened);
            let known = match unread {
                Some(_) => SlipKnown::Unread,
                None => SlipKnown::Sent,
            };
            let topics = unread.unwrap_or_else(|| state.sent_unheard(data.leg, busy));
            let similar = topics.into_iter().find(|topic| is_slip(topic, &data.topic));
            slips.extend(similar.map(|topic| Slip {
                leg: data.leg,
                topic,
                silent: Arc::clone(&data.topic),
                known,
            }));
        }
        slips
    }
}

impl State {
    /// Topics that the scenario sent to and that nothing is known to have come on.
    fn sent_unheard(&self, leg: u32, busy: &[BusyTopic]) -> Vec<Arc<str>> {
        let on = LegIndex(leg);
        if self.listens_by_pattern(on) {
            // It may listen for them by a pattern.
            return Vec::new();
        }
        let sent = self.messages.sent_since(leg, self.opened);
        let unheard = sent.filter(|topic| {
            let busy = busy.iter().any(|it| it.leg == leg && it.topic == **topic);
            !busy && !self.listens_on(on, topic)
        });
        unheard.cloned().collect()
    }

    /// Whether it may listen for a topic without naming it.
    fn listens_by_pattern(&self, on: LegIndex) -> bool {
        let mut listened = self.slots.iter().filter(|slot| slot.leg == on);
        listened.any(|slot| slot.topic.contains(OF_PATTERNS))
    }

    /// Whether the scenario names a topic: what came there is its own message, or was shown already.
    fn knows(&self, on: LegIndex, topic: &str) -> bool {
        let mut sent = self.messages.sent_since(on.0, self.opened);
        sent.any(|it| &**it == topic) || self.listens_on(on, topic)
    }
}
