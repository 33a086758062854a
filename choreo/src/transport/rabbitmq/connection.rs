//! An open connection: subscriptions, publishing, reconnecting, and an end that leaves nothing.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use tokio::task::{AbortHandle, JoinSet};

use super::auth::RabbitAuth;
use super::link::{Link, locked};
use super::plan::Topology;
use super::publish::{self, Parcel, Undelivered};
use super::runtime::Threads;
use super::session::{Request, Session, Watch};
use super::subscribe::{Live, Order, Refusal};
use super::url::Place;
use super::{address, properties, words};
use crate::envelope::Outgoing;
use crate::ids::CorrelationId;
use crate::secret::Credentials;
use crate::transport::{Connection, Delivery, Tls, TransportError};

/// The longest pause between two attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// How much longer the pause gets with each attempt.
const RECONNECT_STEP: Duration = Duration::from_millis(20);

/// A connection to RabbitMQ, made by [`Rabbit`](super::Rabbit).
pub struct RabbitConnection {
    link: Arc<Link>,
    opener: Arc<Opener>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    inbox: String,
    inboxes: AtomicU64,
}

/// A subscription of a [`RabbitConnection`]; ends when it is dropped.
#[must_use = "dropping it ends the subscription"]
pub struct RabbitSubscription {
    link: Arc<Link>,
    id: u64,
}

impl Drop for RabbitSubscription {
    fn drop(&mut self) {
        self.link.remove(self.id);
    }
}

impl fmt::Debug for RabbitSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RabbitSubscription").field(&self.id).finish()
    }
}

/// How to connect, and to connect again.
pub(super) struct Opener {
    pub(super) place: Place,
    pub(super) tls: Option<Tls>,
    pub(super) credentials: Option<Credentials<RabbitAuth>>,
    pub(super) address: String,
    pub(super) topology: Topology,
    pub(super) mandatory: bool,
    pub(super) bound: Duration,
    pub(super) threads: Threads,
}

impl Opener {
    /// Connects, and makes sure of the exchange.
    pub(super) async fn open(&self) -> Result<(Arc<Session>, Watch), TransportError> {
        let failed = |reason: String| TransportError::Connect {
            endpoint: self.address.clone(),
            reason,
        };
        let auth = match &self.credentials {
            None => Arc::new(RabbitAuth::guest()),
            Some(credentials) => credentials
                .resolve()
                .await
                .map_err(|error| failed(error.to_string()))?,
        };
        if auth.is_external() && self.tls.as_ref().is_none_or(|tls| tls.client().is_none()) {
            return Err(failed(
                "EXTERNAL needs the client's certificate: `.tls(Tls::new().client_cert(…))`".into(),
            ));
        }
        let request = Request {
            place: self.place.clone(),
            tls: self.tls.clone(),
            auth,
            address: self.address.clone(),
        };
        let (session, watch) = Session::open(request, &self.threads).await?;
        match self.exchange(&session).await {
            Ok(()) => Ok((session, watch)),
            Err(reason) => {
                session.close().await;
                Err(failed(reason))
            }
        }
    }

    /// Declares the exchange, or makes sure that it is there.
    async fn exchange(&self, session: &Session) -> Result<(), String> {
        let Topology {
            exchange, existing, ..
        } = &self.topology;
        let declare = async {
            let channel = session.channel().await?;
            let options = ExchangeDeclareOptions {
                passive: *existing,
                ..ExchangeDeclareOptions::default()
            };
            let name = exchange.as_str().into();
            channel
                .exchange_declare(name, ExchangeKind::Topic, options, FieldTable::default())
                .await
        };
        declare.await.map_err(|error: lapin::Error| {
            let words = words::of(&error);
            match words::code(&error) {
                Some(words::PRECONDITION_FAILED) => format!(
                    "{words}. It is there already and is not as this transport would declare it: use \
                     `.existing_exchange({exchange:?})`"
                ),
                Some(words::NOT_FOUND) => format!(
                    "{words}. Start what declares it first, or let this transport: `.exchange({exchange:?})`"
                ),
                _ => words,
            }
        })
    }

    fn too_late(&self) -> TransportError {
        TransportError::Connect {
            endpoint: self.address.clone(),
            reason: format!(
                "it took longer than {:?} (see `connect_timeout`)",
                self.bound
            ),
        }
    }

    /// As [`open`](Self::open), within the bound.
    pub(super) async fn open_in_time(&self) -> Result<(Arc<Session>, Watch), TransportError> {
        match tokio::time::timeout(self.bound, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(self.too_late()),
        }
    }
}

impl RabbitConnection {
    pub(super) fn start(opener: Opener, link: Arc<Link>, watch: Watch) -> Self {
        let connection = Self {
            link,
            opener: Arc::new(opener),
            tasks: Arc::default(),
            inbox: format!("{}.", CorrelationId::random("choreo.inbox.").as_str()),
            inboxes: AtomicU64::new(0),
        };
        let supervisor = Supervisor {
            link: Arc::clone(&connection.link),
            opener: Arc::clone(&connection.opener),
            tasks: Arc::clone(&connection.tasks),
        };
        spawn(&connection.tasks, supervisor.run(watch));
        connection
    }
}

/// Starts a task, and forgets those that have ended.
fn spawn(
    tasks: &Mutex<JoinSet<()>>,
    task: impl Future<Output = ()> + Send + 'static,
) -> AbortHandle {
    let mut tasks = locked(tasks);
    while tasks.try_join_next().is_some() {}
    tasks.spawn(task)
}

impl Connection for RabbitConnection {
    type Subscription = RabbitSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        self.opener.topology.plan(topic, &self.inbox).map(|_| ())
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<RabbitSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        let order = Arc::new(Order {
            topic: topic.into(),
            plan: self
                .opener
                .topology
                .plan(topic, &self.inbox)
                .map_err(refused)?,
            delivery,
        });
        let session = self.link.session()?;
        let bound = self.opener.bound;
        let live = tokio::select! {
            biased;
            opened = tokio::time::timeout(bound, order.open(&session)) => match opened {
                Ok(Ok(live)) => live,
                Ok(Err(Refusal::Client(_))) if !session.is_up() => {
                    return Err(self.link.loss_of(&session).await);
                }
                Ok(Err(refusal)) => return Err(refused(refusal.words())),
                Err(_) => {
                    let reason = format!("the server did not confirm it within {bound:?}");
                    return Err(refused(reason));
                }
            },
            error = self.link.loss_of(&session) => return Err(error),
        };
        let (task, link) = (Arc::clone(&order), Arc::clone(&self.link));
        let id = self.link.add(order, &session, || {
            spawn(&self.tasks, task.receive(live, link))
        });
        match id {
            Some(id) => Ok(RabbitSubscription {
                link: Arc::clone(&self.link),
                id,
            }),
            None => Err(self.link.loss_of(&session).await),
        }
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let topic = &*message.topic;
        let failed = |reason: String| TransportError::Publish {
            topic: topic.into(),
            reason,
        };
        if message.key.is_some() {
            return Err(failed(
                "messages of RabbitMQ have no key; use the routing key, which is the topic, or a header".into(),
            ));
        }
        let (exchange, key) = self.opener.topology.target(topic).map_err(failed)?;
        let parcel = Parcel {
            exchange: properties::short("exchange", exchange).map_err(failed)?,
            key: properties::short("routing key", key).map_err(failed)?,
            properties: properties::outgoing(
                &message.headers,
                message.reply_to.as_deref(),
                &message.metadata,
            )
            .map_err(failed)?,
            mandatory: self.opener.mandatory,
        };
        let session = self.link.session()?;
        if let Some(why) = self.link.blockade() {
            return Err(failed(format!(
                "the broker takes no messages at present: {why}"
            )));
        }
        // The harness bounds it; a lost connection ends it at once.
        let result = tokio::select! {
            biased;
            result = session.publishers.publish(&session, parcel, &message.payload) => result,
            error = self.link.loss_of(&session) => return Err(error),
        };
        match result {
            Ok(()) => Ok(()),
            Err(Undelivered::Client(_)) if !session.is_up() => {
                Err(self.link.loss_of(&session).await)
            }
            Err(undelivered) => Err(failed(publish::reason(&undelivered, exchange, key))),
        }
    }

    fn inbox(&self) -> Option<String> {
        let number = self.inboxes.fetch_add(1, Ordering::Relaxed);
        Some(address::of_queue(&format!("{}{number}", self.inbox)))
    }

    async fn close(&self) {
        let session = self.link.close();
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        tasks.shutdown().await;
        if let Some(session) = session {
            session.close().await;
        }
        self.opener.threads.stop().await;
    }
}

impl Drop for RabbitConnection {
    fn drop(&mut self) {
        // The tasks end with their set, the client with its session and its threads.
        drop(self.link.close());
        locked(&self.tasks).abort_all();
    }
}

impl fmt::Debug for RabbitConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitConnection")
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}

/// Waits for the loss of the connection, and brings it back.
struct Supervisor {
    link: Arc<Link>,
    opener: Arc<Opener>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Supervisor {
    async fn run(self, mut watch: Watch) {
        loop {
            let reason = watch.loss(&self.link).await;
            self.link.went_down(&reason);
            drop(watch);
            let (session, next) = self.reconnect().await;
            watch = next;
            self.link.came_up(session);
        }
    }

    async fn reconnect(&self) -> (Arc<Session>, Watch) {
        let mut delay = Duration::ZERO;
        loop {
            tokio::time::sleep(delay).await;
            delay = (delay + RECONNECT_STEP).min(MAX_RECONNECT_DELAY);
            let (session, watch) = match self.opener.open_in_time().await {
                Ok(opened) => opened,
                Err(error) => {
                    self.link.stays_down(&error);
                    continue;
                }
            };
            let subscribing = tokio::time::timeout(self.opener.bound, self.subscribe(&session));
            match subscribing.await {
                Ok(Ok(())) => return (session, watch),
                Ok(Err(error)) => self.link.stays_down(&error),
                Err(_) => self.link.stays_down(&self.opener.too_late()),
            }
            session.close().await;
        }
    }

    /// Brings back every subscription, from nothing: the broker has forgotten all of the old connection.
    async fn subscribe(&self, session: &Arc<Session>) -> Result<(), TransportError> {
        for (id, order) in self.link.orders() {
            let live: Live =
                order
                    .open(session)
                    .await
                    .map_err(|refusal| TransportError::Subscribe {
                        topic: order.topic.to_string(),
                        reason: refusal.words(),
                    })?;
            let link = Arc::clone(&self.link);
            self.link
                .replace(id, || spawn(&self.tasks, order.receive(live, link)));
        }
        Ok(())
    }
}
