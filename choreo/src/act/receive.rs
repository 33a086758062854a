//! What a message does to an act, in the receive task.

use std::sync::{Arc, Weak};
use std::time::Instant;

use choreo_runner::{BoxFuture, catch_panic};
use serde_json::Value;

use super::request::asker;
use super::send::Encoded;
use super::waiting::Waiting;
use super::{Act, Leg, State, Trigger};
use crate::clock;
use crate::codec::Incoming;
use crate::dispatch::lock;
use crate::envelope::{Body, Draft, Envelope};
use crate::expectation::Offered;
use crate::ids::LegIndex;
use crate::outcome::{ReplyFailure, ReplyStep, ScenarioErrorKind};
use crate::reply::{Answered, Around, BodyResult, Job, Reply, Triggered};
use crate::timeline::{About, TimelineAction};
use crate::transport::TransportError;

impl Act {
    /// Runs the matchers. It holds the act's own lock and no other.
    pub(super) fn receive(self: &Arc<Self>, slot: u32, message: &Arc<Incoming>) {
        let envelope = message.envelope();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        if state.result.is_some() || state.is_broken() || state.expired.is_some() {
            return;
        }
        let Some(on) = state.slot(slot).map(|slot| slot.leg) else {
            // It was on its way to an earlier act.
            return;
        };
        let arrival = state.messages.received(on.0, message);
        let place = self.leg(on).place(Some(&envelope.topic)).of(arrival);
        // Without ids, what came before the trigger is no answer to it.
        let early = match state.trigger {
            Trigger::None => true,
            Trigger::Sending { since } => envelope.received_at < since,
            Trigger::Done(anchor) => envelope.received_at < anchor.earliest,
        };
        if early {
            let detail = "before the trigger: ignored";
            let at = envelope.received_at;
            state
                .timeline
                .record(at, TimelineAction::Received, place, detail);
            return;
        }
        let mut failure = None;
        let mut looked = false;
        let mut matched = false;
        for index in 0..state.expectations.len() {
            if state.expectations[index].slot != slot {
                continue;
            }
            let opening = state.opening(&state.expectations[index]);
            let due = state.due(&state.expectations[index]);
            let expectation = &mut state.expectations[index];
            let offered = match due {
                Some(due) if envelope.received_at > due && expectation.is_open() => {
                    expectation.offer_late(message, arrival, due)
                }
                _ => expectation.offer(message, arrival, opening),
            };
            matched |= offered == Offered::Matched;
            if offered != Offered::Ignored {
                looked = true;
                let (at, action) = (envelope.received_at, offered_action(&offered));
                let detail = match offered {
                    Offered::Violated(why) => why,
                    Offered::Late => "after its deadline",
                    Offered::FailedFast => "it fails fast",
                    _ => "",
                };
                let place = place.about(About::handle(index));
                state.timeline.record(at, action, place, detail);
            }
            state.violated |= matches!(offered, Offered::Violated(_) | Offered::FailedFast);
            if let Offered::Failed(text) = offered {
                failure = Some(text);
            }
        }
        let mut answers = Vec::new();
        for (index, reply) in state
            .replies
            .iter_mut()
            .enumerate()
            .filter(|(_, r)| r.slots.contains(&slot))
        {
            looked = true;
            let place = place.about(About::reply(index));
            match reply.trigger(slot, message, arrival) {
                Triggered::Answer(job) => answers.push((index, job)),
                Triggered::Dropped => {
                    let at = envelope.received_at;
                    state.timeline.record(
                        at,
                        TimelineAction::Received,
                        place,
                        "dropped by a reply",
                    );
                }
                Triggered::NearMiss => {
                    let at = envelope.received_at;
                    state
                        .timeline
                        .record(at, TimelineAction::NearMiss, place, "of a reply");
                }
                Triggered::Ignored | Triggered::Repeated => {}
                Triggered::Panicked(text) => failure = Some(text),
            }
        }
        if !looked {
            let at = envelope.received_at;
            state
                .timeline
                .record(at, TimelineAction::Received, place, "");
        }
        if let Some(text) = failure {
            self.record_error(state, ScenarioErrorKind::Matcher, text);
        }
        // Who waits for a window only has to know that an answer is under way.
        let replying = !answers.is_empty();
        state.tasks.retain(|task| !task.is_finished());
        let number = state.act();
        for (index, job) in answers {
            // State has to see the triggers as they came; tasks would overtake each other.
            let begun = job
                .builder
                .has_state()
                .then(|| job.builder.build(Arc::clone(message)));
            let of = (number, index);
            let answering = answer(Arc::downgrade(self), of, job, begun, Arc::clone(message));
            state.tasks.push(
                self.leg(on)
                    .router
                    .runtime()
                    .spawn(answering)
                    .abort_handle(),
            );
        }
        state.violated |= state.out_of_order().is_some();
        let wake = replying
            || state.is_broken()
            || matched && state.has_clocks()
            || state.waiting(envelope.received_at, false) != Waiting::Messages;
        drop(guard);
        if wake {
            self.changed.notify_waiters();
        }
    }
}

fn offered_action(offered: &Offered) -> TimelineAction {
    match offered {
        Offered::Ignored | Offered::Late => TimelineAction::Received,
        Offered::Matched => TimelineAction::Matched,
        Offered::NearMiss | Offered::FailedFast => TimelineAction::NearMiss,
        Offered::Violated(_) => TimelineAction::Violation,
        Offered::Failed(_) => TimelineAction::Error,
    }
}

/// Builds and sends one reply, `of` an act's number and the reply's index there, and waits in between when
/// that is its manner. Holds the act weakly: a scenario that is gone needs no answer.
async fn answer(
    act: Weak<Act>,
    of: (u32, usize),
    job: Job,
    begun: Option<BoxFuture<'static, BodyResult>>,
    trigger: Arc<Incoming>,
) {
    let topic = Arc::clone(&trigger.envelope().topic);
    let building = begun.unwrap_or_else(|| job.builder.build(Arc::clone(&trigger)));
    let built = building.await;
    if let (Some(delay), Ok(_)) = (job.delay, &built) {
        if !change(&act, of, Reply::postponed) {
            return;
        }
        match clock::now().checked_add(delay) {
            Some(due) => tokio::time::sleep_until(due.into()).await,
            // Longer than clocks go.
            None => std::future::pending().await,
        }
        if !change(&act, of, Reply::resumed) {
            return;
        }
    }
    let Some(act) = act.upgrade() else { return };
    let (answered, around, from, answer_leg) = {
        let mut state = lock(&act.state);
        // A finished act has taken its replies apart.
        let Some(reply) = state.reply(of) else {
            return;
        };
        (
            reply.answered().clone(),
            reply.around().clone(),
            LegIndex(reply.trigger_leg),
            LegIndex(reply.answer_leg),
        )
    };
    let (from, to) = (act.leg(from), act.leg(answer_leg));
    let sent = match built {
        Ok(mut body) => {
            translate(&mut body, from, to);
            let sending = act.send_reply(answer_leg, &answered, around, trigger.envelope(), body);
            // Codecs, policies and transports are the user's own as well.
            catch_panic(sending).await.unwrap_or_else(|panic| {
                let place = panic
                    .location
                    .unwrap_or_else(|| "an unknown place".to_owned());
                let text = format!("sending its answer panicked at {place}");
                Err(ReplyFailure::sending("panic", text))
            })
        }
        Err(error) => Err(ReplyFailure {
            step: ReplyStep::Build,
            text: format!("its answer could not be built ({error})"),
            error,
        }),
    };
    let mut answered = match answered {
        Answered::Topic(topic) => format!("on `{topic}`"),
        Answered::Asker => "to whoever asked".to_owned(),
    };
    if let Some(label) = &to.info.label {
        answered += &format!(" on {label}");
    }
    let place = from.place(Some(&topic)).about(About::reply(of.1));
    {
        let mut state = lock(&act.state);
        let Some(reply) = state.reply(of) else {
            return;
        };
        match sent {
            Ok(Sent {
                number,
                at,
                stamped,
            }) => {
                reply.answered_with(job.trigger, number, job.is_error, stamped);
                if !stamped {
                    answered += ", without the correlation id";
                }
                let place = place.of(number);
                // Its own place in time: what follows from it may have come already.
                state
                    .timeline
                    .record(at, TimelineAction::Replied, place, answered);
            }
            Err(failure) => {
                let text = &failure.text;
                let failed = format!("the reply to `{topic}` {answered} failed: {text}");
                reply.failed_with(job.trigger, failure);
                let place = place.of(job.trigger);
                let now = clock::now();
                state
                    .timeline
                    .record(now, TimelineAction::ReplyFailed, place, answered);
                act.record_error(&mut state, ScenarioErrorKind::Reply, failed);
            }
        }
    }
    act.changed.notify_waiters();
}

impl State {
    /// Nothing for a reply of an earlier act.
    fn reply(&mut self, (act, index): (u32, usize)) -> Option<&mut Reply> {
        if act != self.act() {
            return None;
        }
        self.replies.get_mut(index)
    }
}

/// Tells a reply how far its answer is; `false` when the act is over.
fn change(act: &Weak<Act>, of: (u32, usize), change: fn(&mut Reply)) -> bool {
    let Some(act) = act.upgrade() else {
        return false;
    };
    let mut state = lock(&act.state);
    let Some(reply) = state.reply(of) else {
        return false;
    };
    change(reply);
    drop(state);
    act.changed.notify_waiters();
    true
}

/// What hands on the id of one transport to another translates it as the stage's bridge does.
fn translate(body: &mut Body, from: &Leg, to: &Leg) {
    fn replace(value: &mut Value, old: &str, new: &str) {
        match value {
            Value::String(text) if text == old => new.clone_into(text),
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
            Value::Object(fields) => fields.values_mut().for_each(|it| replace(it, old, new)),
            _ => {}
        }
    }
    if let (Body::Value(value), Some(old), Some(new)) = (body, from.id(), to.id())
        && old != new
    {
        replace(value, old.as_str(), new.as_str());
    }
}

/// An answer that went out.
struct Sent {
    number: u64,
    /// When it was handed over.
    at: Instant,
    /// It carries the scenario's id, or needs none.
    stamped: bool,
}

impl Act {
    async fn send_reply(
        &self,
        to: LegIndex,
        answered: &Answered,
        around: Around,
        trigger: &Envelope,
        body: Body,
    ) -> Result<Sent, ReplyFailure> {
        let leg = self.leg(to);
        let (topic, metadata) = match answered {
            Answered::Topic(topic) => (topic.as_str().into(), around.metadata),
            Answered::Asker => {
                let (topic, mut metadata) = asker(trigger, leg.router.capabilities().settable)?;
                for (name, value) in around.metadata.iter() {
                    metadata.set(name.to_owned(), value.clone());
                }
                (topic, metadata)
            }
        };
        let draft = Draft {
            topic,
            key: around.key,
            headers: around.headers,
            reply_to: None,
            metadata,
            body,
        };
        let Encoded { outgoing, stamped } =
            self.encode(leg, draft).map_err(|error| ReplyFailure {
                step: ReplyStep::Build,
                error: error.name,
                text: error.text,
            })?;
        // Whoever asked knows the answer by its address.
        let stamped = stamped || leg.id().is_none() || *answered == Answered::Asker;
        let at = clock::now();
        let number = lock(&self.state).messages.sent(to.0, at, &outgoing);
        let bound = leg.router.ready_timeout();
        let connection = leg.router.connection().map_err(|error| unsent(&error))?;
        tokio::time::timeout(bound, connection.publish(outgoing))
            .await
            .map_err(|_| {
                ReplyFailure::sending("Elapsed", format!("not on the wire within {bound:?}"))
            })?
            .map_err(|error| unsent(&error))?;
        Ok(Sent {
            number,
            at,
            stamped,
        })
    }
}

fn unsent(error: &TransportError) -> ReplyFailure {
    ReplyFailure::sending("TransportError", error.to_string())
}
