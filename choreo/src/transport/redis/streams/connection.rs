//! An open connection to streams: publishing, and a reader for each subscription.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{RedisError, Value};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::reader::{Place, Reader};
use super::{BEFORE_ALL, Options, Start};
use crate::envelope::Outgoing;
use crate::transport::redis::dial::{Dialer, ask};
use crate::transport::redis::limit;
use crate::transport::redis::link::{Link, locked};
use crate::transport::redis::session::{Opener, Session, supervise};
use crate::transport::redis::topic::Topic;
use crate::transport::{Connection, ConnectionEvents, Delivery, TransportError};

/// How long `close` waits for readers that leave their groups.
const CLOSE_BOUND: Duration = Duration::from_secs(2);

/// A connection to Redis Streams, made by [`RedisStreams`](super::RedisStreams).
pub struct RedisStreamsConnection {
    link: Arc<Link>,
    dialer: Arc<Dialer>,
    options: Arc<Options>,
    readers: Mutex<JoinSet<()>>,
    /// Whether the readers are to end.
    closing: watch::Sender<bool>,
    supervisor: Mutex<JoinSet<()>>,
}

/// A subscription of a [`RedisStreamsConnection`]; ends when it is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the subscription"]
pub struct RedisStreamsSubscription {
    /// Its end is the sign for the reader.
    _wanted: oneshot::Sender<()>,
}

impl RedisStreamsConnection {
    pub(super) async fn open(
        dialer: Dialer,
        options: Options,
        events: ConnectionEvents,
    ) -> Result<Self, TransportError> {
        let dialer = Arc::new(dialer);
        let opener = Commanding(Arc::clone(&dialer));
        let session = Arc::new(opener.open(1).await?);
        let link = Link::new(dialer.address.clone(), events, Arc::clone(&session));
        let link = Arc::new(link);
        let mut supervisor = JoinSet::new();
        supervisor.spawn(supervise(opener, Arc::clone(&link), session));
        Ok(Self {
            link,
            dialer,
            options: Arc::new(options),
            readers: Mutex::new(JoinSet::new()),
            closing: watch::Sender::new(false),
            supervisor: Mutex::new(supervisor),
        })
    }

    /// The id after which a subscription reads.
    async fn start(&self, session: &Session, key: &str) -> Result<String, RedisError> {
        match &self.options.start {
            Start::First => Ok(BEFORE_ALL.into()),
            Start::After(id) => Ok(id.clone()),
            Start::New => last_id(session, key).await,
        }
    }
}

/// The id of the last entry that a stream has ever had.
async fn last_id(session: &Session, key: &str) -> Result<String, RedisError> {
    let mut commands = session.commands.clone();
    let asked = ask(&mut commands, redis::cmd("XINFO").arg("STREAM").arg(key)).await;
    let answer = match asked {
        Ok(Value::Array(answer)) => answer,
        // A stream that is not there has no entry: all that come are new.
        Err(error) if error.detail().is_some_and(|words| words == "no such key") => Vec::new(),
        Err(error) => return Err(error),
        Ok(_) => Vec::new(),
    };
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    let found = answer
        .chunks_exact(2)
        .find_map(|pair| (text(&pair[0])? == "last-generated-id").then(|| text(&pair[1]))?);
    Ok(found.unwrap_or_else(|| BEFORE_ALL.into()))
}

impl Connection for RedisStreamsConnection {
    type Subscription = RedisStreamsSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        key(topic).map(drop)
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<RedisStreamsSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        let key = key(topic).map_err(refused)?;
        let session = self.link.session()?;
        let begin = async {
            let start = self.start(&session, &key).await;
            let start = start.map_err(|error| self.link.error(&error, refused))?;
            let mut reader = Reader::new(
                Arc::clone(&self.dialer),
                Arc::clone(&self.link),
                Arc::clone(&self.options),
                Place { key, after: start },
                delivery,
            );
            let wire = reader.open(&session).await?;
            Ok((reader, wire))
        };
        let bound = self.dialer.bound;
        let (reader, wire) = tokio::select! {
            biased;
            begun = timeout(bound, begin) => begun.unwrap_or_else(|_| {
                Err(refused(format!("the server did not answer within {bound:?}")))
            })?,
            error = self.link.lost(session.epoch) => return Err(error),
        };
        let (wanted, unwanted) = oneshot::channel();
        let closing = self.closing.subscribe();
        let mut readers = locked(&self.readers);
        while readers.try_join_next().is_some() {}
        readers.spawn(reader.run(session, wire, unwanted, closing));
        Ok(RedisStreamsSubscription { _wanted: wanted })
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let failed = |reason: String| TransportError::Publish {
            topic: message.topic.to_string(),
            reason,
        };
        if message.topic.is_empty() {
            return Err(failed("the stream has no key".into()));
        }
        if message.key.is_some() {
            return Err(failed(
                "entries of Redis Streams have no key; use a header".into(),
            ));
        }
        if message.reply_to.is_some() {
            return Err(failed(
                "entries of Redis Streams say nowhere where an answer goes; use a header".into(),
            ));
        }
        let mut command = redis::cmd("XADD");
        command.arg(&*message.topic);
        if let Some(entries) = self.options.max_len {
            command.arg("MAXLEN").arg("~").arg(entries);
        }
        command.arg("*");
        self.options
            .form
            .write(&message, &mut command)
            .map_err(failed)?;
        let session = self.link.session()?;
        let mut commands = session.commands.clone();
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
        let mut commands = session.commands.clone();
        let lost = |reason: String| TransportError::Lost { reason };
        match ask(&mut commands, &redis::cmd("PING")).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.link.error(&error, lost)),
        }
    }

    async fn close(&self) {
        self.closing.send_replace(true);
        let mut readers = std::mem::take(&mut *locked(&self.readers));
        let gone = async { while readers.join_next().await.is_some() {} };
        if timeout(CLOSE_BOUND, gone).await.is_err() {
            readers.shutdown().await;
        }
        self.link.close();
        let mut supervisor = std::mem::take(&mut *locked(&self.supervisor));
        while supervisor.join_next().await.is_some() {}
    }
}

/// The key of the stream that a topic names.
fn key(topic: &str) -> Result<String, String> {
    match Topic::parse(topic)? {
        Topic::Channel(key) => Ok(key),
        Topic::Pattern(_) => Err(
            "Redis Streams have no wildcards: subscribe to each stream by its key, or use Redis \
             Pub/Sub (`Redis`), whose channels fit patterns; `*`, `?` and `[` that belong to a key \
             stand after a backslash"
                .into(),
        ),
    }
}

impl Drop for RedisStreamsConnection {
    fn drop(&mut self) {
        self.closing.send_replace(true);
        self.link.close();
        locked(&self.supervisor).detach_all();
    }
}

impl fmt::Debug for RedisStreamsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreamsConnection")
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}

/// Opens a socket for commands; readers have theirs.
struct Commanding(Arc<Dialer>);

impl Opener for Commanding {
    async fn open(&self, epoch: u64) -> Result<Session, TransportError> {
        let login = self.0.login().await?;
        let wire = self.0.commands(&login).await?;
        let mut session = Session::new(epoch, &self.0.address, wire.connection);
        session.drive(wire.driver, wire.record);
        Ok(session)
    }

    fn bound(&self) -> Duration {
        self.0.bound
    }
}
