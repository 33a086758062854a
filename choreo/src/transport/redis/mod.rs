//! Redis, through `redis`: Pub/Sub ([`Redis`]) and Streams ([`RedisStreams`]).
//!
//! | | Pub/Sub | Streams |
//! |---|---|---|
//! | topic | a channel, or a glob pattern | the key of a stream |
//! | headers | none | the other fields of an entry |
//! | keys | none | none |
//! | kept by the server | no | yes |
//!
//! # What these transports add to the client
//!
//! * **Readiness.** A subscription to a channel is ready when the server has confirmed it; one to a stream
//!   when the id of its last entry is known, after which everything is read.
//! * **Refusals.** Publishing resolves with the server's answer, so that what it refuses (`OOM`, `NOPERM`,
//!   `READONLY`, `WRONGTYPE`) is an error with its words.
//! * **Loss.** A broken connection is reported at once, a server that hangs within seconds: it is pinged.
//!   After the reconnect channels and patterns are subscribed to again, and streams are read on after the
//!   last entry that was seen, so that nothing is lost.
//! * **Safety.** What the client gets is the host and port that were checked, without user and password.
//!   Credentials are asked for at each connect and reconnect.

mod auth;
mod dial;
mod limit;
mod link;
mod pubsub;
mod registry;
mod session;
mod settings;
mod socket;
mod streams;
mod tls;
mod topic;

use std::time::Duration;

pub use auth::RedisAuth;
pub use pubsub::{RedisConnection, RedisSubscription};
pub use streams::{RedisStreams, RedisStreamsConnection, RedisStreamsSubscription};

use self::settings::Settings;
use super::{Capabilities, ConnectionEvents, Endpoint, Tls, Transport, TransportError};
use crate::secret::IntoCredentials;

/// Redis Pub/Sub.
///
/// A topic with `*`, `?` or `[` is a glob pattern of Redis (`PSUBSCRIBE`), and the messages keep the name
/// of their channel; after a backslash these characters are ordinary. What is published to is always the
/// name of one channel, taken as it is.
///
/// Messages have neither headers nor keys, and the server keeps none of them. Correlation goes through a
/// field of the payload. [`RedisStreams`] has headers.
///
/// ```no_run
/// use choreo::transport::redis::{Redis, RedisAuth};
/// use choreo::secret::Secret;
///
/// let open = Redis::new("redis://127.0.0.1:6379");
/// let with_password = Redis::new("redis://127.0.0.1:6379").auth(|| {
///     Secret::from_env("REDIS_PASSWORD").map(|password| RedisAuth::user_password("tester", password))
/// });
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Redis {
    settings: Settings,
}

impl Redis {
    /// A server by its URL: `redis://host:port`, or `rediss://…` for an encrypted connection. The port is
    /// 6379 unless given. `user:password@` or `:password@` may stand before the host; they are kept as
    /// secrets. A database after the port is accepted, but channels are the same in all of them.
    ///
    /// A URL that makes no sense is an error at connect.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self {
            settings: Settings::new(url.as_ref()),
        }
    }

    /// Who connects: a [`RedisAuth`], a closure `Fn() -> Result<RedisAuth, E>`, or an async closure with
    /// that result. A closure is called at each connect and reconnect.
    pub fn auth<Kind>(mut self, auth: impl IntoCredentials<RedisAuth, Kind>) -> Self {
        self.settings.auth = Some(auth.into_credentials());
        self
    }

    /// Encrypts the connection, also when the URL says `redis://`.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// How long the whole connect may take, the resolver of the credentials included: 5 s unless set. Also
    /// bounds how long the server may take to confirm a subscription.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.settings.connect_timeout = bound;
        self
    }
}

impl Transport for Redis {
    type Connection = RedisConnection;

    fn name(&self) -> &str {
        "Redis"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.settings.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain().with_wildcards()
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<RedisConnection, TransportError> {
        let dialer = self.settings.dialer()?;
        let opened = RedisConnection::open(dialer, events);
        match tokio::time::timeout(self.settings.connect_timeout, opened).await {
            Ok(result) => result,
            Err(_) => Err(self.settings.too_late()),
        }
    }
}
