//! An open Pub/Sub connection.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_core::Stream;
use redis::aio::PubSubStream;
use redis::{Msg, RedisResult};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dial::{Dialer, Driver, Login, ask, is_loss, words};
use super::limit;
use super::link::{Link, locked};
use super::registry::{Entry, Registration, Registry};
use super::session::{Opener, Session, Subscriber, supervise};
use super::socket::Record;
use super::topic::Topic;
use crate::envelope::Outgoing;
use crate::transport::{Connection, ConnectionEvents, Delivery, TransportError};

/// How many topics are subscribed to in one command after a reconnect.
const RESUBSCRIBED_AT_ONCE: usize = 500;

/// A connection to Redis Pub/Sub, made by [`Redis`](super::Redis).
pub struct RedisConnection {
    link: Arc<Link>,
    registry: Arc<Registry>,
    tasks: Mutex<JoinSet<()>>,
    bound: Duration,
}

/// A subscription of a [`RedisConnection`]; ends when it is dropped.
#[must_use = "dropping it ends the subscription"]
pub struct RedisSubscription {
    registration: Registration,
}

impl RedisConnection {
    pub(super) async fn open(
        dialer: Dialer,
        events: ConnectionEvents,
    ) -> Result<Self, TransportError> {
        let (sender, unwanted) = mpsc::unbounded_channel();
        let registry = Arc::new(Registry::new(sender));
        let (bound, address) = (dialer.bound, dialer.address.clone());
        let opener = Subscribing {
            dialer,
            registry: Arc::clone(&registry),
        };
        let session = Arc::new(opener.open(1).await?);
        let link = Arc::new(Link::new(address, events, Arc::clone(&session)));
        let mut tasks = JoinSet::new();
        tasks.spawn(unsubscribe(
            unwanted,
            Arc::clone(&link),
            Arc::clone(&registry),
            bound,
        ));
        tasks.spawn(supervise(opener, Arc::clone(&link), session));
        Ok(Self {
            link,
            registry,
            tasks: Mutex::new(tasks),
            bound,
        })
    }
}

impl Connection for RedisConnection {
    type Subscription = RedisSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        Topic::parse(topic).map(drop)
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<RedisSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        let parsed = Topic::parse(topic).map_err(refused)?;
        let session = self.link.session()?;
        let registration = self.registry.add(parsed, delivery);
        let entry = Arc::clone(&registration.entry);
        let confirmed = async {
            let mut confirmed = entry.turn.lock().await;
            if *confirmed != Some(session.epoch)
                && let Some(subscriber) = &session.subscriber
            {
                let asked = subscriber
                    .subscribe(std::slice::from_ref(&entry.topic))
                    .await;
                asked.map_err(|error| self.link.error(&error, refused))?;
                *confirmed = Some(session.epoch);
            }
            Ok(())
        };
        let bounded = async {
            let late = |_| {
                let bound = self.bound;
                Err(refused(format!(
                    "the server did not confirm it within {bound:?}"
                )))
            };
            timeout(self.bound, confirmed).await.unwrap_or_else(late)
        };
        tokio::select! {
            biased;
            result = bounded => result?,
            error = self.link.lost(session.epoch) => return Err(error),
        }
        Ok(RedisSubscription { registration })
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let failed = |reason: String| TransportError::Publish {
            topic: message.topic.to_string(),
            reason,
        };
        if message.topic.is_empty() {
            return Err(failed("the channel has no name".into()));
        }
        if message.key.is_some() {
            return Err(failed(
                "messages of Redis Pub/Sub have no key; use a field of the payload".into(),
            ));
        }
        if !message.headers.is_empty() {
            return Err(failed(
                "messages of Redis Pub/Sub have no headers; use a field of the payload, or Redis \
                 Streams (`RedisStreams`), whose entries have fields"
                    .into(),
            ));
        }
        if message.reply_to.is_some() {
            return Err(failed(
                "messages of Redis Pub/Sub say nowhere where an answer goes; use a field of the \
                 payload"
                    .into(),
            ));
        }
        let session = self.link.session()?;
        let mut commands = session.commands.clone();
        let mut command = redis::cmd("PUBLISH");
        command.arg(&*message.topic).arg(&message.payload[..]);
        let published = async {
            let checked = limit::check(message.payload.len(), &mut commands).await;
            checked.map_err(failed)?;
            match ask(&mut commands, &command).await {
                Ok(_) => Ok(()),
                Err(error) => Err(self.link.error(&error, failed)),
            }
        };
        // The harness bounds it; a lost connection ends it at once.
        tokio::select! {
            biased;
            result = published => result,
            error = self.link.lost(session.epoch) => Err(error),
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        let session = self.link.session()?;
        let lost = |reason: String| TransportError::Lost { reason };
        let answered = session.ping().await;
        answered.map_err(|error| self.link.error(&error, lost))
    }

    async fn close(&self) {
        self.link.close();
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        // Each ends by itself when the connection is closed.
        while tasks.join_next().await.is_some() {}
    }
}

impl Drop for RedisConnection {
    fn drop(&mut self) {
        self.link.close();
        locked(&self.tasks).detach_all();
    }
}

impl fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConnection")
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSubscription")
            .field("topic", &self.registration.entry.topic)
            .finish()
    }
}

/// Opens a socket for commands and one for subscriptions.
struct Subscribing {
    dialer: Dialer,
    registry: Arc<Registry>,
}

impl Opener for Subscribing {
    async fn open(&self, epoch: u64) -> Result<Session, TransportError> {
        let login = self.dialer.login().await?;
        let commands = self.dialer.commands(&login).await?;
        let mut session = Session::new(epoch, &self.dialer.address, commands.connection);
        session.drive(commands.driver, commands.record);
        let (subscriber, driver, record) = self.subscriber(&login).await?;
        session.drive(driver, record);
        let restored = self.restore(&subscriber, epoch).await;
        session.refusals = restored.map_err(|error| TransportError::Lost {
            reason: words(&error),
        })?;
        session.subscriber = Some(subscriber);
        Ok(session)
    }

    fn bound(&self) -> Duration {
        self.dialer.bound
    }
}

impl Subscribing {
    async fn subscriber(
        &self,
        login: &Login,
    ) -> Result<(Subscriber, Driver, Record), TransportError> {
        let registry = Arc::clone(&self.registry);
        let pushing = self
            .dialer
            .pushing(login, move |push| registry.receive(push));
        // Whoever may log in for commands may log in here, so what is refused is the protocol.
        if let Ok(wire) = pushing.await {
            let subscriber = Subscriber::Pushing(wire.connection);
            return Ok((subscriber, wire.driver, wire.record));
        }
        let (opened, record) = self.dialer.subscribing(login).await?;
        let (sink, messages) = opened.split();
        let receiving = Box::pin(listen(messages, Arc::clone(&self.registry)));
        Ok((Subscriber::Listening(sink), receiving, record))
    }

    /// Subscribes to what the last session had; gives what the server refuses.
    async fn restore(&self, subscriber: &Subscriber, epoch: u64) -> RedisResult<Vec<String>> {
        let mut refusals = Vec::new();
        for entries in self.registry.entries().chunks(RESUBSCRIBED_AT_ONCE) {
            let topics: Vec<Topic> = entries.iter().map(|entry| entry.topic.clone()).collect();
            match subscriber.subscribe(&topics).await {
                Err(error) if is_loss(&error) => return Err(error),
                Ok(()) => {
                    for entry in entries {
                        *entry.turn.lock().await = Some(epoch);
                    }
                }
                // One that is refused takes the others along.
                Err(_) => {
                    for entry in entries {
                        let topic = std::slice::from_ref(&entry.topic);
                        match subscriber.subscribe(topic).await {
                            Ok(()) => *entry.turn.lock().await = Some(epoch),
                            Err(error) if is_loss(&error) => return Err(error),
                            Err(error) => refusals.push(format!(
                                "cannot subscribe to `{}` again: {}",
                                entry.topic.name(),
                                words(&error)
                            )),
                        }
                    }
                }
            }
        }
        Ok(refusals)
    }
}

/// Takes the messages of a connection with the older protocol.
async fn listen(mut messages: PubSubStream, registry: Arc<Registry>) {
    while let Some(message) = next(&mut messages).await {
        let received_at = Instant::now();
        let channel = message.get_channel_name().as_bytes();
        let payload = message.get_payload_bytes().to_vec();
        match message.get_pattern::<Option<Vec<u8>>>() {
            Ok(Some(pattern)) => {
                registry.pattern_message(&pattern, channel, payload, received_at);
            }
            _ => registry.message(channel, payload, received_at),
        }
    }
}

async fn next(messages: &mut PubSubStream) -> Option<Msg> {
    poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await
}

/// Tells the server which topics nobody wants any more, until the connection is closed.
async fn unsubscribe(
    mut unwanted: UnboundedReceiver<Arc<Entry>>,
    link: Arc<Link>,
    registry: Arc<Registry>,
    bound: Duration,
) {
    let forget = async {
        while let Some(entry) = unwanted.recv().await {
            let Some(session) = link.session_when_up().await else {
                return;
            };
            let mut confirmed = entry.turn.lock().await;
            if !registry.is_left_over(&entry) {
                continue;
            }
            *confirmed = None;
            if let Some(subscriber) = &session.subscriber {
                // What fails here fails with the connection, and a new one does not subscribe again.
                drop(timeout(bound, subscriber.unsubscribe(&entry.topic)).await);
            }
            registry.forget(&entry);
        }
    };
    tokio::select! {
        () = forget => {}
        () = link.closed() => {}
    }
}
