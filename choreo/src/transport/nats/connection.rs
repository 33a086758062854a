//! An open connection: subscriptions, publishing, and an end that leaves no task.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use async_nats::client::PublishErrorKind;
use async_nats::{Client, HeaderMap, HeaderName, HeaderValue, Message, Subject, Subscriber};
use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::link::{Link, locked};
use super::probe::{Probe, Silence};
use super::pump::Pump;
use super::subject::{check_concrete, check_pattern};
use crate::envelope::{Envelope, Headers, Metadata, Outgoing};
use crate::transport::{Connection, Delivery, TransportError};

/// How long `close` waits for the client's own tasks. They end at once unless the machine is very busy.
const CLOSE_BOUND: Duration = Duration::from_secs(5);

/// A connection to NATS, made by [`Nats`](super::Nats).
pub struct NatsConnection {
    client: Mutex<Option<Arc<Client>>>,
    link: Arc<Link>,
    probe: Arc<Probe>,
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
        } = opened;
        let probe = Arc::new(Probe::new(
            client.clone(),
            Arc::clone(&link),
            guarded,
            bound,
        ));
        let connection = Self {
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
            tasks.spawn(confirm_reconnects(reconnects, link, probe));
        }
        Ok(connection)
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
            delivery.deliver(envelope(message, received_at, &topic));
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

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<NatsSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        check_pattern(topic).map_err(|reason| refused(reason.into()))?;
        let client = self.client()?;
        let turn = self.probe.turn().await;
        let registration = self.link.register(topic);
        let subscriber = client
            .subscribe(topic.to_owned())
            .await
            .map_err(|error| refused(error.to_string()))?;
        let subscription = self.pump(subscriber, topic, delivery);
        self.probe
            .round_trip(&turn)
            .await
            .map_err(|silence| match silence {
                Silence::Lost(error) => error,
                Silence::TooLate(_) | Silence::Client(_) => refused(silence.to_string()),
            })?;
        match registration.refusal() {
            None => Ok(subscription),
            Some(words) => Err(refused(words)),
        }
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let Outgoing {
            topic,
            key,
            headers,
            payload,
            reply_to: _,
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
        let client = self.client()?;
        let headers = outgoing_headers(&headers).map_err(&failed)?;
        let subject = Subject::from(&*topic);
        let hand_over = async {
            let published = match headers {
                None => client.publish(subject, payload).await,
                // Boxed: the rare case would make the future of every publish twice as large.
                Some(headers) => {
                    Box::pin(client.publish_with_headers(subject, headers, payload)).await
                }
            };
            published.map_err(|error| failed(publish_reason(&error)))?;
            client
                .flush()
                .await
                .map_err(|error| failed(error.to_string()))
        };
        // The harness bounds it; a lost connection ends it at once.
        tokio::select! {
            biased;
            result = hand_over => result,
            error = self.link.lost() => Err(error),
        }
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

/// The next message of a subscription.
pub(super) async fn next(subscriber: &mut Subscriber) -> Option<Message> {
    poll_fn(|context| Pin::new(&mut *subscriber).poll_next(context)).await
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
        metadata: Metadata::new(),
    }
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
) {
    while let Some(epoch) = reconnects.recv().await {
        while link.is_current(epoch) {
            if probe.round_trip(&probe.turn().await).await.is_ok() {
                link.confirm(epoch);
                break;
            }
        }
    }
}

/// Headers for the client; none when there are none, as they cost the server a different command.
fn outgoing_headers(headers: &Headers) -> Result<Option<HeaderMap>, String> {
    if headers.is_empty() {
        return Ok(None);
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        // The client lets an empty name through, and the header would be lost.
        if name.is_empty() {
            return Err("a header has no name".into());
        }
        let parsed_name = HeaderName::from_str(name)
            .map_err(|_| format!("{name:?} is no name of a header: printable ASCII without `:`"))?;
        // Not the value: it could be a token.
        let parsed_value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of header `{name}` has a line break"))?;
        map.append(parsed_name, parsed_value);
    }
    Ok(Some(map))
}

/// The client keeps no order between names: they are sorted, so that one message always looks the same.
fn incoming_headers(map: &HeaderMap) -> Headers {
    let mut pairs: Vec<(&str, &str)> = map
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_ref(), value.as_str()))
        })
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let mut headers = Headers::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

fn publish_reason(error: &async_nats::PublishError) -> String {
    let words = error.to_string();
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => format!(
            "{words} (bytes, headers included): send less, or raise `max_payload` of the server"
        ),
        _ => words,
    }
}
