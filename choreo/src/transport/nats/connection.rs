//! An open connection: subscriptions, publishing, and an end that leaves no task.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use async_nats::client::PublishErrorKind;
use async_nats::{Client, Message, StatusCode, Subject, Subscriber};
use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::headers::{incoming_headers, outgoing_headers};
use super::link::{Link, locked};
use super::probe::{Probe, Silence};
use super::pump::Pump;
use super::renewal::Renewal;
use super::subject::{check_concrete, check_pattern};
use crate::envelope::{Envelope, Metadata, Outgoing};
use crate::transport::{Connection, Delivery, TransportError};

/// The metadata of a message that the server sent in place of an answer.
pub(super) const STATUS: &str = "status";

/// How long `close` waits for the client's own tasks. They end at once unless the machine is very busy.
const CLOSE_BOUND: Duration = Duration::from_secs(5);

/// A connection to NATS, made by [`Nats`](super::Nats).
pub struct NatsConnection {
    client: Mutex<Option<Arc<Client>>>,
    link: Arc<Link>,
    probe: Arc<Probe>,
    /// What the subjects of its inboxes start with; no other connection has it.
    inbox: String,
    inboxes: AtomicU64,
    queue_group: Option<String>,
    tasks: Mutex<JoinSet<()>>,
    pumps: Mutex<Vec<Weak<Pump>>>,
    /// Fails when the last task of the client is gone.
    gone: Mutex<Option<oneshot::Receiver<()>>>,
}

/// A subscription of a [`NatsConnection`]; ends when it is dropped.
#[must_use = "dropping it ends the subscription"]
pub struct NatsSubscription(Arc<Pump>);

impl Drop for NatsSubscription {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl fmt::Debug for NatsSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NatsSubscription")
    }
}

/// What the connect has made.
pub(super) struct Opened {
    pub(super) client: Client,
    pub(super) link: Arc<Link>,
    pub(super) gone: oneshot::Receiver<()>,
    /// The server may forbid the user something.
    pub(super) guarded: bool,
    pub(super) bound: Duration,
    pub(super) queue_group: Option<String>,
    /// Who else has to be back before the connection is, after a reconnect.
    pub(super) renewal: Arc<Renewal>,
}

impl NatsConnection {
    /// Makes sure that the server answers, and starts what the connection needs.
    pub(super) async fn start(opened: Opened) -> Result<Self, TransportError> {
        let Opened {
            client,
            link,
            gone,
            guarded,
            bound,
            queue_group,
            renewal,
        } = opened;
        let probe = Arc::new(Probe::new(
            client.clone(),
            Arc::clone(&link),
            guarded,
            bound,
        ));
        let connection = Self {
            inbox: client.new_inbox(),
            inboxes: AtomicU64::new(0),
            queue_group,
            client: Mutex::new(Some(Arc::new(client))),
            link: Arc::clone(&link),
            probe: Arc::clone(&probe),
            tasks: Mutex::new(JoinSet::new()),
            pumps: Mutex::default(),
            gone: Mutex::new(Some(gone)),
        };
        let inbox = probe.start().await.map_err(|silence| match silence {
            Silence::Lost(error) => error,
            Silence::TooLate(_) | Silence::Client(_) => TransportError::Connect {
                endpoint: link.address().into(),
                reason: silence.to_string(),
            },
        })?;
        let (sender, reconnects) = mpsc::unbounded_channel();
        link.on_reconnect(sender);
        {
            let mut tasks = locked(&connection.tasks);
            if let Some(inbox) = inbox {
                tasks.spawn(read_inbox(inbox, Arc::clone(&probe)));
            }
            tasks.spawn(confirm_reconnects(reconnects, link, probe, renewal));
        }
        Ok(connection)
    }

    /// What proves that the server has read everything; also a way to the client.
    pub(super) fn probe(&self) -> &Arc<Probe> {
        &self.probe
    }

    /// The state of the connection.
    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn client(&self) -> Result<Arc<Client>, TransportError> {
        self.link.ensure_up()?;
        locked(&self.client)
            .clone()
            .ok_or_else(|| TransportError::Lost {
                reason: format!("the connection to {} was closed", self.link.address()),
            })
    }

    /// Delivers what comes for a subscriber; it ends with the subscription, or with the connection.
    fn pump(&self, subscriber: Subscriber, topic: &str, delivery: Delivery) -> NatsSubscription {
        let topic: Arc<str> = topic.into();
        let pump = Pump::start(subscriber, move |message, received_at| {
            // At the end of the connection there is nothing left to do.
            if let Some(message) = message {
                delivery.deliver(envelope(message, received_at, &topic));
            }
        });
        let mut pumps = locked(&self.pumps);
        pumps.retain(|pump| pump.strong_count() > 0);
        pumps.push(Arc::downgrade(&pump));
        NatsSubscription(pump)
    }

    fn stop_pumps(&self) {
        let pumps = std::mem::take(&mut *locked(&self.pumps));
        for pump in pumps.iter().filter_map(Weak::upgrade) {
            pump.stop();
        }
    }
}

impl Connection for NatsConnection {
    type Subscription = NatsSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        check_pattern(topic).map_err(Into::into)
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<NatsSubscription, TransportError> {
        check_pattern(topic).map_err(|reason| TransportError::Subscribe {
            topic: topic.into(),
            reason: reason.into(),
        })?;
        self.link.ensure_up()?;
        let start = |subscriber| self.pump(subscriber, topic, delivery);
        // An inbox belongs to this connection alone.
        let group = self.queue_group.as_deref();
        let group = group.filter(|_| !topic.starts_with(&self.inbox));
        self.probe.subscribe(topic, group, start).await
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let Outgoing {
            topic,
            key,
            headers,
            payload,
            reply_to,
            metadata: _,
        } = message;
        let failed = |reason: String| TransportError::Publish {
            topic: topic.to_string(),
            reason,
        };
        check_concrete(&topic).map_err(|reason| failed(reason.into()))?;
        if key.is_some() {
            return Err(failed("messages of NATS have no key; use a header".into()));
        }
        if let Some(reply_to) = &reply_to {
            check_concrete(reply_to).map_err(|reason| {
                failed(format!(
                    "answers cannot come to {reply_to:?} (`reply_to`): {reason}"
                ))
            })?;
        }
        let client = self.client()?;
        let headers = outgoing_headers(&headers).map_err(&failed)?;
        let subject = Subject::from(&*topic);
        let reply_to = reply_to.map(|reply_to| Subject::from(&*reply_to));
        let hand_over = pin!(async {
            // Boxed: the rare cases would make the future of every publish twice as large.
            let published = match (reply_to, headers) {
                (None, None) => client.publish(subject, payload).await,
                (None, Some(headers)) => {
                    Box::pin(client.publish_with_headers(subject, headers, payload)).await
                }
                (Some(reply_to), None) => {
                    Box::pin(client.publish_with_reply(subject, reply_to, payload)).await
                }
                (Some(reply_to), Some(headers)) => {
                    Box::pin(
                        client.publish_with_reply_and_headers(subject, reply_to, headers, payload),
                    )
                    .await
                }
            };
            published.map_err(|error| failed(publish_reason(&error)))?;
            client
                .flush()
                .await
                .map_err(|error| failed(error.to_string()))
        });
        // The harness bounds it; a lost connection ends it at once.
        tokio::select! {
            biased;
            result = hand_over => result,
            error = self.link.lost() => Err(error),
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        let turn = self.probe.turn().await;
        self.probe
            .round_trip(&turn)
            .await
            .map_err(|silence| match silence {
                Silence::Lost(error) => error,
                Silence::TooLate(_) | Silence::Client(_) => TransportError::Lost {
                    reason: silence.to_string(),
                },
            })
    }

    fn inbox(&self) -> Option<String> {
        let number = self.inboxes.fetch_add(1, Ordering::Relaxed);
        Some(format!("{}.{number}", self.inbox))
    }

    async fn close(&self) {
        self.link.close();
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        tasks.shutdown().await;
        self.stop_pumps();
        // Without a handle to it the client's connection task ends, and after it the one for events.
        self.probe.close();
        drop(locked(&self.client).take());
        let gone = locked(&self.gone).take();
        if let Some(gone) = gone
            && tokio::time::timeout(CLOSE_BOUND, gone).await.is_err()
        {
            tracing::warn!(
                address = self.link.address(),
                "the NATS client did not end in time"
            );
        }
    }
}

impl Drop for NatsConnection {
    fn drop(&mut self) {
        // Ends the attempts to reconnect; the rest ends with its handles.
        self.link.close();
        self.stop_pumps();
    }
}

impl fmt::Debug for NatsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConnection")
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}

fn envelope(message: Message, received_at: Instant, topic: &Arc<str>) -> Envelope {
    let subject = message.subject.as_str();
    let topic = if subject == &**topic {
        Arc::clone(topic)
    } else {
        Arc::from(subject)
    };
    Envelope {
        topic,
        key: None,
        headers: message
            .headers
            .as_ref()
            .map(incoming_headers)
            .unwrap_or_default(),
        payload: message.payload,
        received_at,
        reply_to: message.reply.map(|reply| reply.as_str().into()),
        metadata: message.status.map(status).unwrap_or_default(),
    }
}

/// The server's own message: it sends 503 to an inbox when nobody listens for the request.
fn status(status: StatusCode) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.set(STATUS, status.as_u16());
    metadata
}

/// The next message of a subscription.
pub(super) async fn next(subscriber: &mut Subscriber) -> Option<Message> {
    poll_fn(|context| Pin::new(&mut *subscriber).poll_next(context)).await
}

async fn read_inbox(mut inbox: Subscriber, probe: Arc<Probe>) {
    while let Some(message) = next(&mut inbox).await {
        probe.echoed(&message.subject);
    }
}

/// After each reconnect the client subscribes again; this reports the return once the server has read it.
async fn confirm_reconnects(
    mut reconnects: mpsc::UnboundedReceiver<u64>,
    link: Arc<Link>,
    probe: Arc<Probe>,
    renewal: Arc<Renewal>,
) {
    while let Some(epoch) = reconnects.recv().await {
        while link.is_current(epoch) {
            if probe.round_trip(&probe.turn().await).await.is_ok() {
                tokio::select! {
                    biased;
                    () = link.ended(epoch) => {}
                    () = renewal.renew(epoch) => link.confirm(epoch),
                }
                break;
            }
        }
    }
}

pub(super) fn publish_reason(error: &async_nats::PublishError) -> String {
    let words = error.to_string();
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => format!(
            "{words} (bytes, headers included): send less, or raise `max_payload` of the server"
        ),
        _ => words,
    }
}
