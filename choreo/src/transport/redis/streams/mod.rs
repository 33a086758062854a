//! Redis Streams: what is read, from where, and what an entry is as a message.

mod connection;
mod entry;
mod reader;

use std::time::Duration;

pub use connection::{RedisStreamsConnection, RedisStreamsSubscription};

use self::entry::Form;
use super::RedisAuth;
use super::settings::Settings;
use crate::secret::IntoCredentials;
use crate::transport::{
    Capabilities, ConnectionEvents, Endpoint, Retention, Tls, Transport, TransportError,
};

/// The field of an entry that holds the payload, unless told otherwise.
const PAYLOAD_FIELD: &str = "payload";

/// Redis Streams: a topic is the key of a stream.
///
/// **Entries as messages.** One field of an entry is the payload (`payload`, see
/// [`payload_field`](Self::payload_field)), and the others are headers; an entry without that field has an
/// empty payload. Text that is not UTF-8 in a header is shown with replacement characters. For services
/// that write flat fields there is [`fields_as_json`](Self::fields_as_json). The metadata `id` is the id of
/// the entry. Entries have no keys.
///
/// **Reading.** Streams are read with `XREAD`, from the entry that was the last one when the subscription
/// began. That takes nothing away from anyone: the consumer groups of the system under test get all of
/// their entries. Each subscribed stream has a connection of its own, so that streams do not wait for each
/// other, and the end of a subscription is the end of its connection. The database of the URL is used.
///
/// There are no wildcards; [`Redis`](super::Redis) (Pub/Sub) has them.
///
/// ```no_run
/// use choreo::transport::redis::RedisStreams;
///
/// let streams = RedisStreams::new("redis://127.0.0.1:6379/0").max_len(10_000);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisStreams {
    settings: Settings,
    options: Options,
}

/// Before the first id that an entry can have.
const BEFORE_ALL: &str = "0-0";

#[derive(Debug, Clone)]
struct Options {
    form: Form,
    start: Start,
    group: Option<String>,
    max_len: Option<u64>,
}

/// Where a subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Start {
    New,
    First,
    After(String),
}

impl RedisStreams {
    /// A server by its URL: `redis://host:port/database`, or `rediss://…` for an encrypted connection. The
    /// port is 6379 and the database 0 unless given. `user:password@` or `:password@` may stand before the
    /// host; they are kept as secrets.
    ///
    /// A URL that makes no sense is an error at connect.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self {
            settings: Settings::new(url.as_ref()),
            options: Options {
                form: Form::Payload(PAYLOAD_FIELD.into()),
                start: Start::New,
                group: None,
                max_len: None,
            },
        }
    }

    /// Who connects: a [`RedisAuth`], a closure `Fn() -> Result<RedisAuth, E>`, or an async closure with
    /// that result. A closure is called for each connection that is opened: one for commands, and one for
    /// each stream that is read.
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
    /// bounds how long a subscription may take to begin.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.settings.connect_timeout = bound;
        self
    }

    /// Which field of an entry is the payload, on both ways; the others are headers.
    pub fn payload_field(mut self, name: impl Into<String>) -> Self {
        self.options.form = Form::Payload(name.into());
        self
    }

    /// Takes all fields of an entry together for a JSON object, for services that write flat fields.
    ///
    /// On the way in each field is a member with a **string**, as Redis knows nothing else: a count that a
    /// service wrote as `3` is expected as `"3"`. Of a field that repeats the last one counts. On the way
    /// out the payload must be a JSON object; strings become fields as they are, other members as JSON
    /// text. There are no headers in this form.
    pub fn fields_as_json(mut self) -> Self {
        self.options.form = Form::Fields;
        self
    }

    /// Begins each subscription with the first entry that the stream still holds.
    pub fn from_first(mut self) -> Self {
        self.options.start = Start::First;
        self
    }

    /// Begins each subscription after an entry, by its id: `1526919030474-55`, or `1526919030474` alone,
    /// which is a time in milliseconds since 1970.
    ///
    /// An id that is none is an error at connect.
    pub fn after_id(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        if !entry::is_id(&id) {
            self.settings
                .complain("an id of a stream's entry is `MILLISECONDS` or `MILLISECONDS-NUMBER`");
        }
        self.options.start = Start::After(id);
        self
    }

    /// Reads as a member of a consumer group (`XREADGROUP`), and acknowledges each entry after it was
    /// handed over (`XACK`).
    ///
    /// **Entries that are read in this way are taken away from the other members of the group.** To see
    /// what goes through a stream while the system under test does its work, use no group.
    ///
    /// The group is made when it is not there, beginning where a subscription without a group would, and
    /// stays on the server; an existing one goes on where it was. The member leaves the group when the
    /// subscription ends.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.options.group = Some(name.into());
        self
    }

    /// Lets each publish cut the stream down to about so many entries (`MAXLEN ~`).
    pub fn max_len(mut self, entries: u64) -> Self {
        self.options.max_len = Some(entries);
        self
    }
}

impl Transport for RedisStreams {
    type Connection = RedisStreamsConnection;

    fn name(&self) -> &str {
        "Redis Streams"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.settings.endpoints()
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::plain()
            .with_retention(Retention::Log)
            .with_metadata(&[], &["id"]);
        match self.options.form {
            Form::Payload(_) => capabilities.with_headers(),
            Form::Fields => capabilities,
        }
    }

    async fn connect(
        &self,
        events: ConnectionEvents,
    ) -> Result<RedisStreamsConnection, TransportError> {
        let dialer = self.settings.dialer()?;
        let opened = RedisStreamsConnection::open(dialer, self.options.clone(), events);
        match tokio::time::timeout(self.settings.connect_timeout, opened).await {
            Ok(result) => result,
            Err(_) => Err(self.settings.too_late()),
        }
    }
}
