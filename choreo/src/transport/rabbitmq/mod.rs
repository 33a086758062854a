//! RabbitMQ (AMQP 0-9-1), through `lapin`.
#![doc = include_str!("../../../docs/rabbitmq.md")]

mod address;
mod auth;
mod connection;
mod crypto;
mod link;
mod opener;
mod plan;
mod properties;
mod publish;
mod runtime;
mod session;
mod subscribe;
mod supervisor;
mod url;
mod words;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use auth::RabbitAuth;
pub use connection::{RabbitConnection, RabbitSubscription};

use self::link::Link;
use self::opener::Opener;
use self::plan::{Said, Topology};
use self::runtime::Threads;
use self::url::Place;
use super::{Capabilities, ConnectionEvents, Endpoint, Retention, Tls, Transport, TransportError};
use crate::secret::{Credentials, IntoCredentials};

const DEFAULT_EXCHANGE: &str = "choreo";
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A RabbitMQ broker, with the exchange that the routing keys of a test belong to.
///
/// ```no_run
/// use choreo::transport::rabbitmq::{Rabbit, RabbitAuth};
/// use choreo::secret::Secret;
///
/// // A topic exchange `choreo`, made when it is absent; the virtual host `/`; user `guest`.
/// let plain = Rabbit::new("amqp://127.0.0.1:5672");
///
/// // The system under test has an exchange of its own, and a queue that the test gets copies of.
/// let shop = Rabbit::new("amqp://127.0.0.1:5672/shop")
///     .existing_exchange("orders")
///     .binding("invoices", "order.paid")
///     .auth(|| Secret::from_env("RABBIT_PASSWORD").map(|password| RabbitAuth::password("tester", password)));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Rabbit {
    /// Or what is wrong with the URL; said at connect, where errors have a way out.
    place: Result<Place, String>,
    url_auth: Option<Credentials<RabbitAuth>>,
    auth: Option<Credentials<RabbitAuth>>,
    tls: Option<Tls>,
    topology: Topology,
    mandatory: bool,
    connect_timeout: Duration,
}

impl Rabbit {
    /// A broker by its URL: `amqp://host:port/vhost`, or `amqps://…` for an encrypted connection. The
    /// port is 5672, or 5671 with `amqps`; without a virtual host it is `/`; a `/` in its name is written
    /// `%2F`. User and password may stand before an `@`; they are kept as secrets. Without any, the user
    /// is `guest`.
    ///
    /// A URL that makes no sense is an error at connect.
    pub fn new(url: impl AsRef<str>) -> Self {
        let (place, url_auth) = match url::read(url.as_ref()) {
            Ok((place, auth)) => (Ok(place), auth.map(Credentials::value)),
            Err(reason) => (Err(format!("its URL: {reason}")), None),
        };
        Self {
            place,
            url_auth,
            auth: None,
            tls: None,
            topology: Topology {
                exchange: DEFAULT_EXCHANGE.into(),
                existing: false,
                bindings: Vec::new(),
                consumed: Vec::new(),
            },
            mandatory: true,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        }
    }

    /// The topic exchange that routing keys belong to: `choreo` unless set. It is declared at connect,
    /// neither durable nor deleted by itself; one that is there and is different is an error then.
    pub fn exchange(mut self, name: impl Into<String>) -> Self {
        self.topology.exchange = name.into();
        self.topology.existing = false;
        self
    }

    /// The exchange of the system under test that routing keys belong to, of whatever kind it is. It is
    /// an error at connect when it is not there.
    pub fn existing_exchange(mut self, name: impl Into<String>) -> Self {
        self.topology.exchange = name.into();
        self.topology.existing = true;
        self
    }

    /// Says how a queue of the system under test is bound: to a routing key or pattern of the transport's
    /// exchange, or `exchange:NAME/KEY`. A subscription to `queue:QUEUE` gets copies then, through a queue
    /// of its own with the same bindings. Give each binding of the queue: AMQP cannot list them.
    ///
    /// A headers exchange is refused when the subscription is made: it needs [`binding_with`](Self::binding_with).
    pub fn binding(mut self, queue: impl Into<String>, source: impl Into<String>) -> Self {
        self.topology.bindings.push(Said {
            queue: queue.into(),
            source: source.into(),
            arguments: None,
        });
        self
    }

    /// The same with the arguments of the binding, by which a headers exchange chooses messages. They are
    /// texts, numbers, bools, or null for a header that has to be there, whatever its value.
    ///
    /// ```
    /// # use choreo::transport::rabbitmq::Rabbit;
    /// Rabbit::new("amqp://127.0.0.1:5672").binding_with(
    ///     "invoices",
    ///     "exchange:documents",
    ///     [("x-match", "all"), ("region", "EU"), ("format", "pdf")],
    /// );
    /// ```
    pub fn binding_with<N: Into<String>, V: Into<Value>>(
        mut self,
        queue: impl Into<String>,
        source: impl Into<String>,
        arguments: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let arguments = arguments
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        self.topology.bindings.push(Said {
            queue: queue.into(),
            source: source.into(),
            arguments: Some(arguments.collect()),
        });
        self
    }

    /// Makes the test a consumer of a queue: a subscription to `queue:QUEUE` takes its messages, those
    /// that lie in it included, and nobody else gets them. For queues whose service the test stands in for.
    pub fn consume(mut self, queue: impl Into<String>) -> Self {
        self.topology.consumed.push(queue.into());
        self
    }

    /// Whether a message that no queue takes is an error of its publish: it is unless `false` is given.
    pub fn mandatory(mut self, mandatory: bool) -> Self {
        self.mandatory = mandatory;
        self
    }

    /// Who connects: a [`RabbitAuth`], a closure `Fn() -> Result<RabbitAuth, E>`, or an async closure
    /// with that result. A closure is called at each connect and reconnect.
    pub fn auth<Kind>(mut self, auth: impl IntoCredentials<RabbitAuth, Kind>) -> Self {
        self.auth = Some(auth.into_credentials());
        self
    }

    /// Encrypts the connection, with settings of its own; `amqps://` alone trusts the authorities of this
    /// machine.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How long the whole connect may take, the resolver of the credentials included: 5 s unless set. Also
    /// bounds how long the server may take to confirm a subscription.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.connect_timeout = bound;
        self
    }

    /// Where it leads, for messages.
    fn address(&self) -> String {
        match &self.place {
            Ok(place) => format!("RabbitMQ at {}", place.endpoint),
            Err(_) => "RabbitMQ".into(),
        }
    }

    fn opener(&self) -> Result<Opener, String> {
        let place = self.place.clone()?;
        let credentials = match (&self.url_auth, &self.auth) {
            (Some(_), Some(_)) => {
                return Err(
                    "credentials are given twice, in the URL and with `.auth(…)`: keep one".into(),
                );
            }
            (url_auth, auth) => url_auth.as_ref().or(auth.as_ref()).cloned(),
        };
        if self.topology.exchange.is_empty() {
            return Err(
                "the exchange has no name; queues are reached by the default exchange as `queue:NAME`"
                    .into(),
            );
        }
        properties::short("exchange", &self.topology.exchange)?;
        let tls = match &self.tls {
            None => place.encrypted.then(Tls::new),
            Some(tls) => Some(tls.clone()),
        };
        if let Some(reason) = tls.as_ref().and_then(Tls::missing_file) {
            return Err(reason);
        }
        Ok(Opener {
            place,
            tls,
            credentials,
            address: self.address(),
            topology: self.topology.clone(),
            mandatory: self.mandatory,
            bound: self.connect_timeout,
            threads: Threads::start()
                .map_err(|error| format!("its threads cannot be started: {error}"))?,
        })
    }
}

impl Transport for Rabbit {
    type Connection = RabbitConnection;

    fn name(&self) -> &str {
        "RabbitMQ"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.place
            .iter()
            .map(|place| place.endpoint.clone())
            .collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain()
            .with_wildcards()
            .with_headers()
            .with_retention(Retention::Queues)
            .with_requests()
            .with_metadata(properties::SETTABLE, properties::READABLE)
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<RabbitConnection, TransportError> {
        let opener = self.opener().map_err(|reason| TransportError::Connect {
            endpoint: self.address(),
            reason,
        })?;
        let opened = opener.open_in_time().await;
        let (session, watch) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                opener.threads.stop().await;
                return Err(error);
            }
        };
        let link = Arc::new(Link::new(self.address(), events, session));
        Ok(RabbitConnection::start(opener, link, watch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    fn problem(rabbit: &Rabbit) -> String {
        match rabbit.opener() {
            Ok(_) => panic!("it should be refused"),
            Err(reason) => reason,
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_named_without_the_password() {
        for (rabbit, expected) in [
            (
                Rabbit::new(format!("http://u:{SENTINEL}@x")),
                "scheme must be",
            ),
            (
                Rabbit::new(format!("amqp://u:{SENTINEL}@x"))
                    .auth(RabbitAuth::password("u", SENTINEL)),
                "credentials are given twice",
            ),
            (Rabbit::new("x").exchange(""), "has no name"),
            (Rabbit::new("x").exchange("y".repeat(300)), "255 bytes"),
            (
                Rabbit::new("amqps://x").tls(Tls::new().ca_file("/no/such.pem")),
                "cannot read /no/such.pem",
            ),
        ] {
            let text = problem(&rabbit);
            assert!(text.contains(expected), "{text}");
            assert!(!format!("{text} {rabbit:?}").contains(SENTINEL), "{text}");
        }
    }

    #[test]
    fn the_endpoint_is_the_one_of_the_url_and_its_password_shows_nowhere() {
        let rabbit = Rabbit::new(format!("amqps://u:{SENTINEL}@Broker.Example/shop"));
        let shown: Vec<_> = rabbit.endpoints().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["broker.example:5671"]);
        assert!(!format!("{rabbit:?} {}", rabbit.address()).contains(SENTINEL));
    }
}
