//! An open connection to JetStream: publishing with acknowledgement, subscriptions, and an end that leaves
//! neither a task here nor a consumer there.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::super::connection::NatsConnection;
use super::super::headers::outgoing_headers;
use super::super::link::locked;
use super::super::renewal::{Member, Renewal};
use super::super::subject::{check_concrete, check_pattern, covers};
use super::api::{Api, Fault, read};
use super::follower::{Follower, subscribe_error};
use super::start::{Position, Start};
use super::{MESSAGE_ID, WantedStream};
use crate::envelope::Outgoing;
use crate::transport::{Connection, Delivery, TransportError};

/// The header by which a stream recognises a message that it has already.
const MESSAGE_ID_HEADER: &str = "Nats-Msg-Id";

/// Between two attempts to create a stream again.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to JetStream, made by [`JetStream`](super::JetStream).
pub struct JetStreamConnection {
    nats: NatsConnection,
    api: Arc<Api>,
    renewal: Arc<Renewal>,
    start: Start,
    tasks: Mutex<JoinSet<()>>,
    closing: watch::Sender<bool>,
}

/// A subscription of a [`JetStreamConnection`]; ends, and is deleted on the server, when it is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the subscription"]
pub struct JetStreamSubscription {
    /// The tasks wait for the other ends.
    _wanted: Vec<oneshot::Sender<()>>,
}

/// What the server answers to a message that it has stored.
#[derive(Deserialize)]
struct Stored {
    stream: String,
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

impl JetStreamConnection {
    pub(super) async fn start(
        nats: NatsConnection,
        renewal: Arc<Renewal>,
        start: Start,
        bound: Duration,
        streams: Vec<WantedStream>,
    ) -> Result<Self, TransportError> {
        let api = Arc::new(Api {
            probe: Arc::clone(nats.probe()),
            link: Arc::clone(nats.link()),
            bound,
        });
        let connection = Self {
            nats,
            api,
            renewal,
            start,
            tasks: Mutex::default(),
            closing: watch::Sender::new(false),
        };
        if let Err(error) = connection.prepare(&streams).await {
            connection.close().await;
            return Err(error);
        }
        if !streams.is_empty() {
            let keeper = keep(
                Arc::clone(&connection.api),
                connection.renewal.join(),
                streams,
                connection.closing.subscribe(),
            );
            locked(&connection.tasks).spawn(keeper);
        }
        Ok(connection)
    }

    /// Makes sure that JetStream is there, and the streams.
    async fn prepare(&self, streams: &[WantedStream]) -> Result<(), TransportError> {
        let epoch = self.api.link.epoch();
        let refused = |reason: String| TransportError::Connect {
            endpoint: self.api.link.address().into(),
            reason,
        };
        // Answers come to inboxes; without them each question would wait for its bound.
        self.api.check_inbox().await.map_err(|fault| match fault {
            Fault::Lost(error) => error,
            fault => refused(format!("JetStream needs inboxes (`_INBOX.>`): {fault}")),
        })?;
        match self.api.check(epoch).await {
            // Someone who may not ask may still use what he was given.
            Ok(()) | Err(Fault::Refused(_)) => {}
            Err(Fault::Lost(error)) => return Err(error),
            Err(fault) if fault.is_without_jetstream() => {
                return Err(refused(format!(
                    "{fault}: enable it with `nats-server -js`, or `jetstream` in the configuration of \
                     the server and of the account"
                )));
            }
            Err(fault) => return Err(refused(fault.to_string())),
        }
        for WantedStream { name, subjects } in streams {
            let ensured = self.api.ensure_stream(epoch, name, subjects).await;
            ensured.map_err(|fault| match fault {
                Fault::Lost(error) => error,
                fault => refused(format!("cannot create the stream `{name}`: {fault}")),
            })?;
        }
        Ok(())
    }

    /// Starts a task, and forgets those that have ended.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

impl Connection for JetStreamConnection {
    type Subscription = JetStreamSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        self.nats.check_topic(topic)
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<JetStreamSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        check_pattern(topic).map_err(|reason| refused(reason.into()))?;
        let link = &self.api.link;
        let epoch = link.epoch();
        link.ensure_up()?;
        let found = self.api.streams_for(epoch, topic).await;
        let streams = found.map_err(|fault| subscribe_error(topic, fault))?;
        if streams.is_empty() {
            return Err(refused(no_stream(topic)));
        }
        let pattern: Arc<str> = topic.into();
        let (mut wanted, mut ready) = (Vec::new(), Vec::new());
        for stream in streams {
            let (ready_sender, ready_receiver) = oneshot::channel();
            let (wanted_sender, unwanted) = oneshot::channel();
            let subjects = stream.config.subjects.unwrap_or_default();
            // The server refuses a filter that is wider than the stream.
            let is_part = subjects.iter().any(|subject| covers(subject, topic));
            let follower = Follower {
                api: Arc::clone(&self.api),
                member: self.renewal.join(),
                stream: stream.config.name,
                created: stream.created,
                filter: is_part.then(|| topic.to_owned()),
                pattern: Arc::clone(&pattern),
                delivery: delivery.clone(),
                position: match self.start {
                    // So that the position is known before the first message comes.
                    Start::New => Position::After(stream.state.last_seq),
                    start => Position::At(start),
                },
                consumer: None,
            };
            self.spawn(follower.run(epoch, ready_sender, unwanted, self.closing.subscribe()));
            wanted.push(wanted_sender);
            ready.push(ready_receiver);
        }
        for ready in ready {
            // The task ends early only when the connection is closed.
            ready.await.unwrap_or_else(|_| Err(link.loss()))?;
        }
        Ok(JetStreamSubscription { _wanted: wanted })
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let Outgoing {
            topic,
            key,
            mut headers,
            reply_to,
            metadata,
            payload,
        } = message;
        let failed = |reason: String| TransportError::Publish {
            topic: topic.to_string(),
            reason,
        };
        check_concrete(&topic).map_err(|reason| failed(reason.into()))?;
        if key.is_some() {
            return Err(failed("messages of NATS have no key; use a header".into()));
        }
        if reply_to.is_some() {
            return Err(failed(
                "a stream answers itself, so nobody else can: send requests over `Nats`".into(),
            ));
        }
        if let Some(id) = metadata.get(MESSAGE_ID) {
            headers.set(MESSAGE_ID_HEADER, text(id).map_err(&failed)?);
        }
        let headers = outgoing_headers(&headers).map_err(&failed)?;
        let epoch = self.api.link.epoch();
        self.api.link.ensure_up()?;
        let answer = self.api.request(epoch, &topic, headers, payload).await;
        match answer.and_then(|answer| read::<Stored>(&answer.payload)) {
            Ok(Stored {
                stream,
                seq,
                duplicate,
            }) => {
                if duplicate {
                    tracing::debug!(stream, seq, "the stream has a message with this id already");
                }
                Ok(())
            }
            Err(Fault::Lost(error)) => Err(error),
            Err(Fault::NoResponders) => Err(failed(no_stream(&topic))),
            Err(Fault::Late(bound)) => Err(failed(format!(
                "no acknowledgement came within {bound:?} (is the stream set to `no_ack`?)"
            ))),
            Err(Fault::TooLarge(words)) => Err(failed(format!(
                "{words} (bytes, headers included): send less, or raise `max_payload` of the server"
            ))),
            Err(Fault::Api { code, words }) => Err(failed(format!(
                "the stream did not store the message: {words} (JetStream error {code}); see the limits of \
                 the stream"
            ))),
            Err(fault) => Err(failed(fault.to_string())),
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        self.nats.ping().await
    }

    async fn close(&self) {
        self.closing.send_replace(true);
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        // Each ends within a bound of its own.
        while tasks.join_next().await.is_some() {}
        self.nats.close().await;
    }
}

impl fmt::Debug for JetStreamConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamConnection")
            .field("nats", &self.nats)
            .finish_non_exhaustive()
    }
}

/// After a reconnect, creates the streams that the new server does not have.
async fn keep(
    api: Arc<Api>,
    mut member: Member,
    streams: Vec<WantedStream>,
    mut closing: watch::Receiver<bool>,
) {
    let keep = async {
        loop {
            let epoch = member.called().await;
            while api.link.is_current(epoch) {
                match ensure_all(&api, epoch, &streams).await {
                    Ok(()) => {
                        member.is_back(epoch);
                        break;
                    }
                    Err(words) => {
                        api.link.explain(epoch, &words, false);
                        let _ = tokio::time::timeout(PAUSE, api.link.ended(epoch)).await;
                    }
                }
            }
        }
    };
    tokio::select! {
        _ = closing.wait_for(|closing| *closing) => {}
        () = keep => {}
    }
}

async fn ensure_all(api: &Api, epoch: u64, streams: &[WantedStream]) -> Result<(), String> {
    for WantedStream { name, subjects } in streams {
        api.ensure_stream(epoch, name, subjects)
            .await
            .map_err(|fault| format!("cannot create the stream `{name}`: {fault}"))?;
    }
    Ok(())
}

fn no_stream(topic: &str) -> String {
    format!(
        "no stream keeps messages of `{topic}`: create one, or let the transport do so with \
         `.stream(\"NAME\", [\"{topic}\"])`"
    )
}

/// A value of the metadata for a header.
fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("the metadata `{MESSAGE_ID}` is a text or a number")),
    }
}
