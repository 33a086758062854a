//! Kafka, through `rdkafka` (librdkafka).
//!
//! # What this transport adds to the client
//!
//! * **Readiness.** No consumer group, so no rebalance: every partition of a topic is assigned at the offset
//!   at which it ends, asked for at that moment. A subscription is ready when these offsets are fixed; what
//!   is published afterwards comes, however long the first fetch takes. Partitions that are added later are
//!   read from their first message, within a second.
//! * **Publishing** resolves with the broker's delivery report. Too large, unknown, refused: an error in the
//!   broker's words.
//! * **Topics** are created when they are missing, with the cluster's settings, unless
//!   [`create_topics(false)`](Kafka::create_topics) forbids it.
//! * **Loss.** A broken connection is reported at once, a broker that hangs within seconds. Of a cluster of
//!   several brokers that is the case when none answers; that the leader of a partition hangs is noticed by the
//!   scenarios, which ask the leaders of all partitions that are read when they have waited in vain.
//!   [`Restored`](super::ConnectionEvent::Restored) is reported when the broker answers again and every
//!   position has been compared with what it has.
//! * **Safety.** The guard checks the brokers that were given to [`Kafka::new`]. Brokers tell clients which
//!   addresses to use from then on: one that is neither loopback, nor given, nor on the allowlist of the
//!   package ends the connect, before anything is published or read. The client library may have resolved it
//!   or opened a socket to it by then, and with [`KafkaAuth`] it logs in there: use TLS, with which only a
//!   broker that shows the right certificate sees the credentials.
//!
//! # Topics
//!
//! What starts with `^` is a regular expression over the names of topics, as in librdkafka: `^orders\..*`.
//! A topic that comes into being later is read from its first message, a moment after it was created.
//!
//! # Metadata
//!
//! Readable: `partition`, `offset`, `timestamp` (milliseconds since 1970), `tombstone`. Settable:
//! `partition`, `timestamp`, `tombstone` (`true` sends a message without payload).
//!
//! # Limits of the client library
//!
//! With a bearer token it cannot create topics, so one that is missing has to be created by the broker
//! (`auto.create.topics.enable`) or before the test. In a header, bytes that are no UTF-8 show as `�`.
//!
//! # Order
//!
//! Messages keep their order within a partition; those with the same key go to the same one. So `ordered_by`, and
//! `in_order!` on one topic, need `key "…"` or `metadata { partition: 0 }` beside them.

mod auth;
mod cluster;
mod connect;
mod connection;
mod consumer;
mod context;
mod group;
mod link;
#[cfg(feature = "broker")]
mod mock;
mod record;
mod routes;
mod settings;
mod topic;
mod watch;

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

pub use auth::KafkaAuth;
pub use connection::{KafkaConnection, KafkaSubscription};
#[cfg(feature = "broker")]
pub(crate) use mock::Mock;

use super::{
    Capabilities, ConnectionEvents, Endpoint, Ordering, Retention, Tls, Transport, TransportError,
};
use crate::secret::{Credentials, IntoCredentials};

const DEFAULT_PORT: u16 = 9092;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Above the limit of every broker, so that the broker's own limit is the one that is met.
const DEFAULT_MAX_MESSAGE_BYTES: u32 = 100_000_000;

/// A Kafka cluster.
///
/// ```no_run
/// use choreo::transport::kafka::{Kafka, KafkaAuth};
/// use choreo::secret::Secret;
///
/// let open = Kafka::new("127.0.0.1:9092");
/// let with_password = Kafka::new("127.0.0.1:9092").auth(|| {
///     Secret::from_env("KAFKA_PASSWORD").map(|password| KafkaAuth::scram_sha_512("tester", password))
/// });
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Kafka {
    brokers: Vec<Endpoint>,
    /// What is wrong with the settings; said at connect, where errors have a way out.
    problem: Option<String>,
    auth: Option<Credentials<KafkaAuth>>,
    tls: Option<Tls>,
    start: Start,
    group: Option<String>,
    create_topics: bool,
    max_message_bytes: u32,
    connect_timeout: Duration,
}

/// Where a subscription begins in each partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// Behind the last message that is there now.
    #[default]
    End,
    /// At the first message that the broker still has.
    Earliest,
    /// At this offset.
    Offset(u64),
    /// At the first message with this timestamp or a later one; at the end when there is none.
    Time(SystemTime),
}

impl Start {
    /// The number that asks for it: a time in milliseconds, an offset, -1 for the end, -2 for the beginning.
    fn wanted(&self) -> i64 {
        match self {
            Self::End => -1,
            Self::Earliest => -2,
            Self::Offset(offset) => i64::try_from(*offset).unwrap_or(i64::MAX),
            Self::Time(time) => {
                let since = time.duration_since(SystemTime::UNIX_EPOCH);
                let since = since.map_or(0, |since| since.as_millis());
                i64::try_from(since).unwrap_or(i64::MAX)
            }
        }
    }
}

impl Kafka {
    /// A cluster by one or several of its brokers, separated by commas: `host:port` or
    /// `kafka://host:port`. The port is 9092 unless given.
    ///
    /// A text that makes no sense is an error at connect. User and password do not belong here: use
    /// [`auth`](Self::auth).
    pub fn new(brokers: impl AsRef<str>) -> Self {
        let mut kafka = Self {
            brokers: Vec::new(),
            problem: None,
            auth: None,
            tls: None,
            start: Start::End,
            group: None,
            create_topics: true,
            max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        };
        for (index, text) in brokers.as_ref().split(',').enumerate() {
            match read_broker(text) {
                Ok(endpoint) => kafka.brokers.push(endpoint),
                Err(reason) => kafka.problem = Some(format!("broker {}: {reason}", index + 1)),
            }
        }
        // A comma may be one of a password, and a part of it the name of a broker.
        if brokers.as_ref().contains('@') {
            kafka.brokers.clear();
        }
        kafka
    }

    /// Who connects: a [`KafkaAuth`], a closure `Fn() -> Result<KafkaAuth, E>`, or an async closure with
    /// that result. A closure is called at each connect, and again before a bearer token expires.
    pub fn auth<Kind>(mut self, auth: impl IntoCredentials<KafkaAuth, Kind>) -> Self {
        self.auth = Some(auth.into_credentials());
        self
    }

    /// Encrypts the connection. Needs the feature `kafka-tls`.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Where subscriptions begin; [`Start::End`] unless set.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Reads as a member of a consumer group, from where the group has committed that it was; where it has
    /// not, from [`start`](Self::start). Where it begins and what is read is committed for the group.
    ///
    /// Not needed for tests, and slow: each new topic makes the group rebalance, which takes the cluster
    /// seconds, and after a loss the group is left and joined anew. Partitions that other members have do not come here.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Whether topics that are missing are created when they are subscribed to or published to; they are
    /// unless set. With `false` a missing topic is an error.
    pub fn create_topics(mut self, create: bool) -> Self {
        self.create_topics = create;
        self
    }

    /// The largest message that is handed to the broker, in bytes: 100 000 000 unless set. The broker has a
    /// limit of its own.
    pub fn max_message_bytes(mut self, bytes: u32) -> Self {
        self.max_message_bytes = bytes.clamp(1_000, 1_000_000_000);
        self
    }

    /// How long the whole connect may take, the resolver of the credentials included: 5 s unless set. Also
    /// bounds how long the broker may take to confirm a subscription or to take a message.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.connect_timeout = bound;
        self
    }

    /// Every broker that was given, for messages.
    fn address(&self) -> String {
        let mut text = String::from("Kafka");
        for (index, broker) in self.brokers.iter().enumerate() {
            let separator = if index == 0 { " at " } else { ", " };
            write!(text, "{separator}{broker}").expect("a String takes every text");
        }
        text
    }

    fn refused(&self, reason: impl Into<String>) -> TransportError {
        TransportError::Connect {
            endpoint: self.address(),
            reason: reason.into(),
        }
    }
}

/// Takes a broker's address apart.
fn read_broker(text: &str) -> Result<Endpoint, String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("kafka", text));
    if !scheme.eq_ignore_ascii_case("kafka") {
        return Err("its scheme must be `kafka`; encryption is asked for with `.tls(…)`".into());
    }
    // `Endpoint::parse` reads past a second one, and what is behind it would be taken for something else here.
    if rest.contains("://") {
        return Err("it has two schemes".into());
    }
    let endpoint = Endpoint::parse(rest, DEFAULT_PORT).map_err(|error| error.to_string())?;
    if rest.contains('@') {
        return Err("user and password do not belong into it: use `.auth(…)`".into());
    }
    Ok(endpoint)
}

impl Transport for Kafka {
    type Connection = KafkaConnection;

    fn name(&self) -> &str {
        "Kafka"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.brokers.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain()
            .with_wildcards()
            .with_headers()
            .with_keys()
            .with_ordering(Ordering::Partition)
            .with_retention(Retention::Log)
            .with_metadata(record::SETTABLE, record::READABLE)
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<KafkaConnection, TransportError> {
        match tokio::time::timeout(self.connect_timeout, self.open(events)).await {
            Ok(result) => result,
            Err(_) => Err(self.refused(format!(
                "it took longer than {:?} (see `connect_timeout`)",
                self.connect_timeout
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[test]
    fn brokers_are_read_from_a_list() {
        let kafka = Kafka::new("127.0.0.1, kafka://Broker.Example:9093,[::1]");
        assert_eq!(kafka.problem, None);
        assert_eq!(
            kafka.address(),
            "Kafka at 127.0.0.1:9092, broker.example:9093, [::1]:9092"
        );
    }

    #[test]
    fn what_is_no_broker_is_named_without_its_password() {
        for (text, expected) in [
            ("", "broker 1: there is no host"),
            ("a,,b", "broker 2: there is no host"),
            ("http://a", "its scheme must be `kafka`"),
            ("a:port", "the port is no number"),
            ("me:s3ntinel@a", "use `.auth(…)`"),
            ("kafka://me:s3ntinel@a:9092", "use `.auth(…)`"),
            ("s3ntinel,1@a", "use `.auth(…)`"),
        ] {
            let kafka = Kafka::new(text);
            let shown = format!("{kafka:?}");
            let problem = kafka.problem.expect(text);
            assert!(problem.contains(expected), "{text}: {problem}");
            assert!(!shown.contains(SENTINEL), "{shown}");
        }
    }

    #[cfg(not(feature = "kafka-tls"))]
    #[tokio::test]
    async fn what_needs_openssl_names_the_feature() {
        let plain = Kafka::new("127.0.0.1:1");
        for kafka in [
            plain.clone().tls(Tls::new()),
            plain.clone().auth(KafkaAuth::scram_sha_256("me", SENTINEL)),
            plain.auth(KafkaAuth::oauth_bearer(SENTINEL)),
        ] {
            let error = kafka.connect(ConnectionEvents::new(|_| {})).await;
            let text = error.expect_err("no OpenSSL").to_string();
            assert!(text.contains("needs the feature `kafka-tls`"), "{text}");
        }
    }
}
