//! What an act sends: drafts become stamped, encoded messages on the wire.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::{Act, Leg, State, Trigger};
use crate::clock;
use crate::codec::encode_draft;
use crate::dispatch::{Registration, lock};
use crate::envelope::{Draft, Headers, Metadata, Outgoing};
use crate::expectation::Anchor;
use crate::ids::LegIndex;
use crate::message::Message;
use crate::outcome::{Published, ScenarioErrorKind};
use crate::reply::BodyResult;
use crate::timeline::{Place, TimelineAction};

/// Published messages that are remembered for the failure text.
const PUBLISHED_KEPT: usize = 64;

/// What `publish!` is to send.
#[derive(Debug)]
pub struct PublishDraft {
    topic: String,
    key: Option<Bytes>,
    headers: Headers,
    metadata: Vec<(&'static str, Result<Value, String>)>,
    /// Whether the answer is to go to the scenario's inbox.
    is_request: bool,
    body: BodyResult,
}

impl PublishDraft {
    /// A payload for a topic.
    pub fn new(topic: impl Into<String>, body: BodyResult) -> Self {
        Self {
            topic: topic.into(),
            key: None,
            headers: Headers::new(),
            metadata: Vec::new(),
            is_request: false,
            body,
        }
    }

    /// A payload whose type names its topic.
    pub fn message<M: Message + Serialize>(message: &M) -> Self {
        let body = serde_json::to_value(message)
            .map(crate::envelope::Body::Value)
            .map_err(|error| error.to_string());
        Self::new(M::TOPIC, body)
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.append(name, value);
        self
    }

    /// With a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With metadata for the transport to set.
    #[must_use]
    pub fn metadata(mut self, name: &'static str, value: Result<Value, String>) -> Self {
        self.metadata.push((name, value));
        self
    }

    /// With an answer that goes to the scenario's inbox.
    #[must_use]
    pub fn request(mut self) -> Self {
        self.is_request = true;
        self
    }
}

pub(super) struct Encoded {
    pub(super) outgoing: Outgoing,
    pub(super) stamped: bool,
}

pub(super) struct EncodeError {
    pub(super) kind: ScenarioErrorKind,
    /// The name of the error's type.
    pub(super) name: String,
    pub(super) text: String,
}

/// A message is on its way. Dropped before it has arrived, a trigger never will: without a clock nothing would
/// end the act.
struct Sending<'a> {
    act: &'a Act,
    topic: &'a str,
    /// For the timeline, which still has to tell of it.
    told: Option<Told<'a>>,
}

/// What the timeline says of a message that went out.
struct Told<'a> {
    place: Place<'a>,
    at: Instant,
    detail: &'static str,
}

impl Told<'_> {
    /// In its own place in time: the answer may have come before the task that sent it ran again.
    fn tell(self, state: &mut State) {
        let action = TimelineAction::Published;
        state
            .timeline
            .record(self.at, action, self.place, self.detail);
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.act.state);
        // What came of the message may have ended the scenario before it was known to be out.
        let by_what_came = match &state.error {
            Some(error) => matches!(
                error.kind,
                ScenarioErrorKind::Reply | ScenarioErrorKind::Matcher
            ),
            None => state.violated,
        };
        if by_what_came && let Some(told) = self.told.take() {
            told.tell(&mut state);
        }
        // A panic says by itself what happened, and ends the body.
        let given_up = matches!(state.trigger, Trigger::Sending { .. }) && !state.is_broken();
        if given_up && !std::thread::panicking() {
            let topic = self.topic;
            let text = format!(
                "publishing to `{topic}` was given up before the message was on the wire: the future of \
                 `publish!` was dropped"
            );
            self.act
                .record_error(&mut state, ScenarioErrorKind::Publish, text);
            drop(state);
            self.act.changed.notify_waiters();
        }
    }
}

impl Act {
    pub(super) fn encode(&self, leg: &Leg, mut draft: Draft) -> Result<Encoded, EncodeError> {
        let unsupported = |text: String| EncodeError {
            kind: ScenarioErrorKind::Publish,
            name: "Unsupported".to_owned(),
            text,
        };
        if let Some(lack) = leg.abilities().unsettable(&draft) {
            return Err(unsupported(lack.to_string()));
        }
        let mut stamped = false;
        if let Some(id) = leg.id() {
            stamped = leg
                .correlation()
                .stamp(&mut draft, id)
                .map_err(|error| EncodeError {
                    kind: ScenarioErrorKind::Correlation,
                    name: "CorrelationError".to_owned(),
                    text: error.to_string(),
                })?;
        }
        if let Some(lack) = leg.abilities().unsettable(&draft) {
            let place = leg.correlation().describe();
            return Err(unsupported(format!(
                "the correlation policy ({place}) cannot be used here: {}; use one whose id is in the \
                 payload, such as `FieldCorrelation`",
                lack.what
            )));
        }
        let payload =
            encode_draft(&**leg.router.codec(), &draft).map_err(|reason| EncodeError {
                kind: ScenarioErrorKind::Publish,
                name: "EncodeError".to_owned(),
                text: format!("the payload cannot be encoded: {reason}"),
            })?;
        let Draft {
            topic,
            key,
            headers,
            reply_to,
            metadata,
            ..
        } = draft;
        Ok(Encoded {
            outgoing: Outgoing {
                topic,
                key,
                headers,
                reply_to,
                metadata,
                payload,
            },
            stamped,
        })
    }

    /// Waits until the brokers of all transports deliver everything that is listened for. `false` when the scenario has
    /// ended instead.
    async fn ready(&self) -> bool {
        {
            let mut state = lock(&self.state);
            if state.expectations.is_empty() && state.replies.is_empty() {
                self.check_sense(&mut state);
            }
            if state.has_failed() {
                drop(state);
                self.changed.notify_waiters();
                return false;
            }
        }
        for leg in &self.legs {
            if let Err(reason) = leg.router.connected().await {
                let text = format!("the connection to {} is down: {reason}", leg.info);
                self.fail_on(leg, ScenarioErrorKind::Lost, text);
                return false;
            }
        }
        let subscriptions: Vec<_> = lock(&self.state)
            .slots
            .iter()
            .filter_map(|slot| slot.registration.as_ref())
            .filter(|registration| !registration.is_ready())
            .map(Registration::ready)
            .collect();
        // Each is bounded by the router; they run side by side in its tasks.
        for subscription in subscriptions {
            if let Err(error) = subscription.await {
                self.fail_with(ScenarioErrorKind::Subscribe, error.to_string());
                return false;
            }
        }
        let mut state = lock(&self.state);
        state
            .timeline
            .record(clock::now(), TimelineAction::Ready, Place::default(), "");
        !state.has_failed()
    }

    /// The trigger that is no message.
    pub(crate) async fn begin(&self) {
        if !self.ready().await {
            return;
        }
        let now = clock::now();
        let mut state = lock(&self.state);
        state.trigger = Trigger::Done(Anchor {
            at: now,
            earliest: now,
        });
        state
            .timeline
            .record(now, TimelineAction::Began, Place::default(), "");
        drop(state);
        self.changed.notify_waiters();
    }

    /// Publishes; the first message is the trigger. Failures end the scenario and are never returned.
    pub(crate) async fn publish(&self, on: LegIndex, draft: PublishDraft) {
        let leg = self.leg(on);
        let reply_to = if draft.is_request {
            match self.reply_address(on, &draft.topic) {
                Some(inbox) => Some(inbox),
                None => return,
            }
        } else {
            None
        };
        let first = matches!(lock(&self.state).trigger, Trigger::None);
        if first && !self.ready().await || self.has_failed() {
            return;
        }
        let PublishDraft {
            topic,
            key,
            headers,
            metadata: settings,
            body,
            ..
        } = draft;
        let topic: Arc<str> = topic.into();
        let refuse = |kind, text: String| {
            self.fail_with(kind, format!("publishing to `{topic}` failed: {text}"));
        };
        let body = match body {
            Ok(body) => body,
            Err(reason) => {
                let text = format!("the payload cannot be encoded: {reason}");
                return refuse(ScenarioErrorKind::Publish, text);
            }
        };
        let mut metadata = Metadata::new();
        for (name, value) in settings {
            match value {
                Ok(value) => metadata.set(name, value),
                Err(reason) => {
                    let text = format!("the metadata `{name}` cannot be encoded: {reason}");
                    return refuse(ScenarioErrorKind::Publish, text);
                }
            }
        }
        let draft = Draft {
            topic: Arc::clone(&topic),
            key,
            headers,
            reply_to,
            metadata,
            body,
        };
        let Encoded { outgoing, stamped } = match self.encode(leg, draft) {
            Ok(encoded) => encoded,
            Err(error) => return refuse(error.kind, error.text),
        };
        let earliest = clock::now();
        let number = {
            let mut state = lock(&self.state);
            if matches!(state.trigger, Trigger::None) {
                state.trigger = Trigger::Sending { since: earliest };
            }
            // At least one of each transport: whoever trusts its silence asks it.
            let is_first_there = || state.published.iter().all(|other| other.leg != on.0);
            if state.published.len() < PUBLISHED_KEPT || is_first_there() {
                state.published.push(Published {
                    leg: on.0,
                    topic: Arc::clone(&topic),
                    stamped,
                });
            }
            state.messages.sent(on.0, earliest, &outgoing)
        };
        let detail = if stamped || leg.id().is_none() {
            ""
        } else {
            "without the correlation id"
        };
        let mut sending = Sending {
            act: self,
            topic: &topic,
            told: Some(Told {
                place: leg.place(Some(&topic)).of(number),
                at: earliest,
                detail,
            }),
        };
        let bound = leg.router.ready_timeout();
        let sent = async {
            let connection = leg.router.connection()?;
            tokio::time::timeout(bound, connection.publish(outgoing))
                .await
                .unwrap_or_else(|_| {
                    Err(crate::transport::TransportError::Publish {
                        topic: topic.as_ref().to_owned(),
                        reason: format!("the message was not on the wire within {bound:?}"),
                    })
                })
        };
        if let Err(error) = sent.await {
            sending.told = None;
            return self.fail_with(ScenarioErrorKind::Publish, error.to_string());
        }
        let at = clock::now();
        let mut state = lock(&self.state);
        if matches!(state.trigger, Trigger::Sending { .. }) {
            state.trigger = Trigger::Done(Anchor { at, earliest });
        }
        if let Some(told) = sending.told.take() {
            told.tell(&mut state);
        }
        drop(state);
        self.changed.notify_waiters();
    }
}
