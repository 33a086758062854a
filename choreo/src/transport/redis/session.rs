//! One life of a connection, from the log-in to the loss, and the task that begins the next one.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::RedisResult;
use redis::aio::{MultiplexedConnection, PubSubSink};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::dial::{Driver, ask, is_loss};
use super::link::{Link, broken, locked};
use super::socket::Record;
use super::topic::Topic;
use crate::transport::TransportError;

/// How often the server is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// How long its answer may take.
pub(super) const PING_BOUND: Duration = Duration::from_secs(3);

/// How long the answer to a ping may be held up by what is being sent before it.
const SENDING_BOUND: Duration = Duration::from_secs(10);

/// More than a ping: so many bytes are a sign that something is being sent.
const MUCH: u64 = 1024;

/// The longest pause between two attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// The open sockets of a connection. When one is lost, all are given up.
pub(super) struct Session {
    pub(super) epoch: u64,
    pub(super) commands: MultiplexedConnection,
    pub(super) subscriber: Option<Subscriber>,
    /// What the server would not bring back from the last session, in its words.
    pub(super) refusals: Vec<String>,
    address: String,
    sockets: Vec<Record>,
    failure: watch::Sender<Option<String>>,
    tasks: Mutex<JoinSet<()>>,
}

/// The socket that has the subscriptions.
#[derive(Clone)]
pub(super) enum Subscriber {
    /// RESP3: messages are pushed besides the answers.
    Pushing(MultiplexedConnection),
    /// RESP2: the connection takes nothing but subscriptions and pings.
    Listening(PubSubSink),
}

impl Subscriber {
    pub(super) async fn subscribe(&self, topics: &[Topic]) -> RedisResult<()> {
        let (channels, patterns) = split(topics);
        if !channels.is_empty() {
            match self.clone() {
                Self::Pushing(mut connection) => connection.subscribe(channels).await?,
                Self::Listening(mut sink) => sink.subscribe(channels).await?,
            }
        }
        if !patterns.is_empty() {
            match self.clone() {
                Self::Pushing(mut connection) => connection.psubscribe(patterns).await?,
                Self::Listening(mut sink) => sink.psubscribe(patterns).await?,
            }
        }
        Ok(())
    }

    pub(super) async fn unsubscribe(&self, topic: &Topic) -> RedisResult<()> {
        match (self.clone(), topic) {
            (Self::Pushing(mut connection), Topic::Channel(name)) => {
                connection.unsubscribe(name).await
            }
            (Self::Pushing(mut connection), Topic::Pattern(name)) => {
                connection.punsubscribe(name).await
            }
            (Self::Listening(mut sink), Topic::Channel(name)) => sink.unsubscribe(name).await,
            (Self::Listening(mut sink), Topic::Pattern(name)) => sink.punsubscribe(name).await,
        }
    }

    async fn ping(&self) -> RedisResult<()> {
        match self.clone() {
            Self::Pushing(mut connection) => {
                ask(&mut connection, &redis::cmd("PING")).await.map(drop)
            }
            Self::Listening(mut sink) => sink.ping::<redis::Value>().await.map(drop),
        }
    }
}

fn split(topics: &[Topic]) -> (Vec<&str>, Vec<&str>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Channel(name) => channels.push(&**name),
            Topic::Pattern(name) => patterns.push(&**name),
        }
    }
    (channels, patterns)
}

impl Session {
    pub(super) fn new(epoch: u64, address: &str, commands: MultiplexedConnection) -> Self {
        Self {
            epoch,
            commands,
            subscriber: None,
            refusals: Vec::new(),
            address: address.to_owned(),
            sockets: Vec::new(),
            failure: watch::Sender::new(None),
            tasks: Mutex::new(JoinSet::new()),
        }
    }

    /// Moves a socket's bytes; its end is the end of the session.
    pub(super) fn drive(&mut self, driver: Driver, record: Record) {
        self.sockets.push(record);
        let failure = self.failure.clone();
        let address = self.address.clone();
        locked(&self.tasks).spawn(async move {
            driver.await;
            fail(&failure, broken(&address));
        });
    }

    /// Declares the session lost.
    pub(super) fn fail(&self, reason: String) {
        fail(&self.failure, reason);
    }

    /// Resolves when the server has answered on every socket.
    pub(super) async fn ping(&self) -> RedisResult<()> {
        let mut commands = self.commands.clone();
        ask(&mut commands, &redis::cmd("PING")).await?;
        match &self.subscriber {
            Some(subscriber) => subscriber.ping().await,
            None => Ok(()),
        }
    }

    async fn failed(&self) -> String {
        let mut failure = self.failure.subscribe();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => broken(&self.address),
        }
    }

    /// Asks the server from time to time, and resolves when it does not answer. Something that hangs ends
    /// no connection: silence is all there is to see.
    async fn silence(&self) -> String {
        let mut ticks = interval(PING_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match answered(&self.sockets, PING_BOUND, self.ping()).await {
                None => {
                    return format!(
                        "{} did not answer a ping within {PING_BOUND:?}",
                        self.address
                    );
                }
                Some(Err(error)) if is_loss(&error) => return broken(&self.address),
                // A refusal is an answer too.
                Some(_) => {}
            }
        }
    }

    /// Ends the sockets, and returns when their tasks are gone.
    async fn end(&self) {
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        tasks.shutdown().await;
    }
}

/// The first reason is the cause; the others follow from it.
fn fail(failure: &watch::Sender<Option<String>>, reason: String) {
    failure.send_if_modified(|current| {
        let first = current.is_none();
        current.get_or_insert(reason);
        first
    });
}

/// Waits for an answer, and longer than the bound while the sockets are busy with what comes before it: a
/// large message on a slow line is no silence.
pub(super) async fn answered<T>(
    sockets: &[Record],
    mut bound: Duration,
    asked: impl Future<Output = T>,
) -> Option<T> {
    let mut asked = pin!(asked);
    let start = Instant::now();
    loop {
        let before: Vec<_> = sockets.iter().map(Record::moved).collect();
        if let Ok(answer) = timeout(bound, &mut asked).await {
            return Some(answer);
        }
        let is_sending = start.elapsed() < SENDING_BOUND;
        let is_busy = sockets.iter().zip(before).any(|(socket, before)| {
            let (received, sent) = socket.moved();
            received > before.0 || (is_sending && sent > before.1 + MUCH)
        });
        if !is_busy {
            return None;
        }
        bound = PING_BOUND;
    }
}

/// Begins sessions.
pub(super) trait Opener: Send + Sync + 'static {
    /// Opens the sockets, and brings back what the last session had.
    fn open(&self, epoch: u64) -> impl Future<Output = Result<Session, TransportError>> + Send;

    /// How long that may take.
    fn bound(&self) -> Duration;
}

/// Watches over a connection until it is closed: reports each loss, and opens the next session.
pub(super) async fn supervise(opener: impl Opener, link: Arc<Link>, mut session: Arc<Session>) {
    loop {
        let reason = tokio::select! {
            reason = session.failed() => Some(reason),
            reason = session.silence() => Some(reason),
            () = link.closed() => None,
        };
        if let Some(reason) = &reason {
            link.down(reason.clone());
        }
        session.end().await;
        if reason.is_none() {
            return;
        }
        let next = tokio::select! {
            next = reopen(&opener, session.epoch + 1) => next,
            () = link.closed() => return,
        };
        session = Arc::new(next);
        link.up(&session);
        for refusal in &session.refusals {
            link.refused(refusal);
        }
    }
}

async fn reopen(opener: &impl Opener, epoch: u64) -> Session {
    let mut delay = Duration::ZERO;
    loop {
        if let Ok(Ok(session)) = timeout(opener.bound(), opener.open(epoch)).await {
            return session;
        }
        // Nothing tells when a server comes back.
        delay = (delay + Duration::from_millis(10)).min(MAX_RECONNECT_DELAY);
        sleep_until(Instant::now() + delay).await;
    }
}
