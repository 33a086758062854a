//! From the receive task to the scenario: one broker subscription per topic, one look-up per message.
//!
//! Knows scenarios only as [`Inbox`]es.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use choreo_runner::{CaughtPanic, catch_panic_now};
use foldhash::HashMap;
use tokio::runtime::Handle as RuntimeHandle;
use tokio::sync::{Notify, watch};

use crate::codec::{Codec, Incoming};
use crate::correlation::{Correlation, WithoutId};
use crate::envelope::Envelope;
use crate::ids::CorrelationId;
use crate::transport::erased::DynConnection;
use crate::transport::{Capabilities, ConnectionEvent, TransportError};

use self::alive::LastQuestion;
pub(crate) use self::alive::Question;
use self::overheard::Overheard;
pub(crate) use self::surprise::{Heard, SurpriseLog};
pub use self::surprise::{Surprise, SurpriseClass};
pub(crate) use self::topic::{Registration, TopicTraffic};
use self::topic::{Target, TopicEntry};

mod alive;
mod overheard;
mod surprise;
mod topic;

/// A scenario, as far as the router knows it. Calls come from receive tasks and must not block.
pub(crate) trait Inbox: Send + Sync {
    /// A message for the registration `slot`.
    fn deliver(self: Arc<Self>, slot: u32, message: &Arc<Incoming>);

    /// Whether the scenario has sent to a topic of the transport `leg`, as far as it remembers.
    fn may_have_sent(&self, leg: u32, topic: &str) -> bool;

    /// The scenario cannot go on, because of something on the transport `leg`.
    fn fail(&self, leg: u32, cause: Failure);
}

/// Which transport of a scenario a router is for it.
pub(crate) struct Member {
    pub(crate) leg: u32,
    pub(crate) inbox: Arc<dyn Inbox>,
}

/// Why every scenario of a connection, or of a topic, cannot go on.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// The connection is gone.
    Lost(String),
    /// The broker complained.
    Refused(String),
    /// A message came without an id where the harness forbids it.
    WithoutId { topic: Arc<str>, place: String },
    /// The correlation policy panicked on a message.
    PolicyPanicked {
        topic: Arc<str>,
        place: String,
        message: String,
    },
}

/// For whom the messages of a topic are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// For the scenarios whose id they carry.
    Everyone,
    /// For the one scenario that made the topic, whatever they carry: an inbox.
    Owner,
}

/// What a router is made with.
pub(crate) struct RouterConfig {
    pub(crate) codec: Arc<dyn Codec>,
    pub(crate) correlation: Arc<dyn Correlation>,
    pub(crate) capabilities: Capabilities,
    /// Where the broker is, for people; nowhere if it is in this process.
    pub(crate) address: Option<String>,
    pub(crate) without_id: WithoutId,
    /// How long an unused subscription stays, so that the next scenario finds it ready.
    pub(crate) linger: Duration,
    /// How long the broker may take to confirm a subscription.
    pub(crate) ready_timeout: Duration,
}

/// The dispatcher of one connection.
pub(crate) struct Router {
    config: RouterConfig,
    routes: bool,
    runtime: RuntimeHandle,
    connection: OnceLock<Arc<dyn DynConnection>>,
    topics: Mutex<HashMap<Arc<str>, Arc<TopicEntry>>>,
    scenarios: Mutex<HashMap<u64, Arc<Member>>>,
    /// How many open scenarios have an id; more than one is a mistake of whoever gave it.
    ids: Mutex<HashMap<CorrelationId, usize>>,
    next_key: AtomicU64,
    surprises: Mutex<SurpriseLog>,
    overheard: Mutex<Overheard>,
    /// Why the connection is down, while it is.
    lost: watch::Sender<Option<String>>,
    last_question: LastQuestion,
    idle: Notify,
    closing: Notify,
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing of the user's runs under these locks, so a poisoned one still holds whole data.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Router {
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub(crate) fn new(config: RouterConfig) -> Arc<Self> {
        let routes = config.correlation.new_id().is_some();
        let router = Arc::new(Self {
            config,
            routes,
            runtime: RuntimeHandle::current(),
            connection: OnceLock::new(),
            topics: Mutex::default(),
            scenarios: Mutex::default(),
            ids: Mutex::default(),
            next_key: AtomicU64::new(0),
            surprises: Mutex::default(),
            overheard: Mutex::default(),
            lost: watch::channel(None).0,
            last_question: LastQuestion::default(),
            idle: Notify::new(),
            closing: Notify::new(),
        });
        router.runtime.spawn(topic::reap(Arc::downgrade(&router)));
        router
    }

    pub(crate) fn attach(&self, connection: Arc<dyn DynConnection>) {
        if self.connection.set(connection).is_err() {
            tracing::error!("a router was given a second connection; the first one stays");
        }
    }

    pub(crate) fn connection(&self) -> Result<&Arc<dyn DynConnection>, TransportError> {
        self.connection.get().ok_or_else(|| TransportError::Lost {
            reason: "the harness is not connected".into(),
        })
    }

    pub(crate) fn codec(&self) -> &Arc<dyn Codec> {
        &self.config.codec
    }

    pub(crate) fn correlation(&self) -> &Arc<dyn Correlation> {
        &self.config.correlation
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.config.capabilities
    }

    pub(crate) fn runtime(&self) -> &RuntimeHandle {
        &self.runtime
    }

    pub(crate) fn ready_timeout(&self) -> Duration {
        self.config.ready_timeout
    }

    /// Whether ids keep scenarios apart.
    pub(crate) fn routes(&self) -> bool {
        self.routes
    }

    /// What becomes of a message without an id, where ids keep scenarios apart.
    pub(crate) fn without_id(&self) -> WithoutId {
        self.config.without_id
    }

    /// Makes a scenario known, so that it hears of a lost connection.
    pub(crate) fn open(
        self: &Arc<Self>,
        member: Member,
        id: Option<&CorrelationId>,
    ) -> OpenScenario {
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        lock(&self.scenarios).insert(key, Arc::new(member));
        let shares_id = id.is_some_and(|id| {
            let mut ids = lock(&self.ids);
            let open = ids.entry(id.clone()).or_default();
            *open += 1;
            *open > 1
        });
        OpenScenario {
            router: Arc::downgrade(self),
            key,
            id: id.cloned(),
            shares_id,
        }
    }

    /// Registers an inbox for a topic and sees to it that the broker delivers it.
    pub(crate) fn register(
        self: &Arc<Self>,
        topic: &str,
        audience: Audience,
        id: Option<&CorrelationId>,
        slot: u32,
        Member { leg, inbox }: Member,
    ) -> Registration {
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        let target = Target {
            key,
            slot,
            leg,
            inbox,
        };
        let mut topics = lock(&self.topics);
        let entry = if let Some(entry) = topics.get(topic) {
            Arc::clone(entry)
        } else {
            let entry = Arc::new(TopicEntry::new(topic, audience));
            topics.insert(Arc::clone(&entry.topic), Arc::clone(&entry));
            self.runtime
                .spawn(Arc::clone(self).subscribe(Arc::clone(&entry)));
            entry
        };
        // Under the lock of the topics: the reaper must not remove an entry that is being joined.
        entry.add(id, target);
        drop(topics);
        Registration::new(Arc::downgrade(self), entry, id.cloned(), key)
    }

    /// Subscribes to a topic for as long as the connection lasts, to tell scenarios what came for them where they do
    /// not listen.
    pub(crate) async fn watch(self: &Arc<Self>, topic: &str) -> Result<(), TransportError> {
        let entry = Arc::new(TopicEntry::watched(topic));
        match lock(&self.topics).entry(Arc::clone(&entry.topic)) {
            Entry::Occupied(_) => return Ok(()),
            Entry::Vacant(place) => place.insert(Arc::clone(&entry)),
        };
        Arc::clone(self).subscribe(Arc::clone(&entry)).await;
        entry.confirmed().await
    }

    async fn subscribe(self: Arc<Self>, entry: Arc<TopicEntry>) {
        let delivery = {
            let router = Arc::downgrade(&self);
            let entry = Arc::downgrade(&entry);
            crate::transport::Delivery::new(move |envelope| {
                if let (Some(router), Some(entry)) = (router.upgrade(), entry.upgrade()) {
                    router.route(&entry, envelope);
                }
            })
        };
        let subscribed = async {
            let connection = Arc::clone(self.connection()?);
            // A scenario that begins while the connection is down waits for its return, and so does this.
            let up = self.connected().await;
            up.map_err(|reason| TransportError::Lost { reason })?;
            let timeout = self.config.ready_timeout;
            tokio::time::timeout(timeout, connection.subscribe(&entry.topic, delivery))
                .await
                .unwrap_or_else(|_| {
                    Err(TransportError::Subscribe {
                        topic: entry.topic.as_ref().to_owned(),
                        reason: format!("the broker did not confirm it within {timeout:?}"),
                    })
                })
        };
        // Whoever waits for the broker's word would wait for ever after a panic of the transport.
        let subscribed = choreo_runner::catch_panic(subscribed).await;
        let subscribed = subscribed.unwrap_or_else(|panic| {
            Err(TransportError::Subscribe {
                topic: entry.topic.as_ref().to_owned(),
                reason: format!("the transport panicked: {}", panic.message),
            })
        });
        match subscribed {
            Ok(subscription) => entry.ready(subscription),
            Err(error) => {
                // Out of the table, so that the next scenario asks the broker again.
                let mut topics = lock(&self.topics);
                if topics
                    .get(&entry.topic)
                    .is_some_and(|current| Arc::ptr_eq(current, &entry))
                {
                    topics.remove(&entry.topic);
                }
                drop(topics);
                entry.refused(error);
            }
        }
    }

    fn route(&self, entry: &TopicEntry, envelope: Envelope) {
        let message = Arc::new(Incoming::new(envelope, Arc::clone(&self.config.codec)));
        if entry.is_watched {
            self.overhear(&message);
            if entry.member_count() == 0 {
                return;
            }
        }
        entry.count_received(message.envelope().received_at);
        if entry.audience == Audience::Owner {
            self.route_to_owner(entry, &message);
        } else if self.routes {
            self.route_by_id(entry, &message);
        } else if !entry.deliver_to_all(&message) {
            self.surprise(entry, &message, None, SurpriseClass::Unclaimed);
        }
    }

    /// Remembers a message of an open scenario that came where nobody listens by that name.
    fn overhear(&self, message: &Incoming) {
        let envelope = message.envelope();
        let entry = lock(&self.topics).get(&envelope.topic).cloned();
        if entry.is_some_and(|entry| entry.member_count() > 0) {
            return;
        }
        let id = if self.routes {
            match self.extract(message) {
                Ok(Some(id)) if lock(&self.ids).contains_key(&id) => Some(id),
                _ => return,
            }
        } else {
            None
        };
        lock(&self.overheard).push(envelope.received_at, id, &envelope.topic);
    }

    /// The id of a message; an error when the policy panicked.
    fn extract(&self, message: &Incoming) -> Result<Option<CorrelationId>, CaughtPanic> {
        catch_panic_now(|| self.config.correlation.extract(message))
    }

    fn route_by_id(&self, entry: &TopicEntry, message: &Arc<Incoming>) {
        let place = || self.config.correlation.describe();
        let id = match self.extract(message) {
            Ok(id) => id,
            Err(panic) => {
                entry.fail_all(&Failure::PolicyPanicked {
                    topic: Arc::clone(&entry.topic),
                    place: place(),
                    message: panic.message,
                });
                return;
            }
        };
        match id {
            Some(id) => {
                if !entry.deliver_to(&id, message) {
                    // In this order: an id is remembered as closed before it is open no more.
                    let class = if lock(&self.ids).contains_key(&id) {
                        SurpriseClass::Unclaimed
                    } else if lock(&self.surprises).is_closed(&id) {
                        SurpriseClass::Late
                    } else {
                        SurpriseClass::UnknownId
                    };
                    self.surprise(entry, message, Some(id), class);
                }
            }
            None => match self.config.without_id {
                WithoutId::Broadcast if entry.deliver_to_all(message) => {}
                WithoutId::Broadcast | WithoutId::Ignore => {
                    self.surprise(entry, message, None, SurpriseClass::WithoutId);
                }
                WithoutId::Fail => {
                    let topic = Arc::clone(&message.envelope().topic);
                    entry.fail_all(&Failure::WithoutId {
                        topic,
                        place: place(),
                    });
                    self.surprise(entry, message, None, SurpriseClass::WithoutId);
                }
            },
        }
    }

    /// An answer needs no id: its topic says whose it is. One with another's id is logged all the same.
    fn route_to_owner(&self, entry: &TopicEntry, message: &Arc<Incoming>) {
        let id = if self.routes {
            self.extract(message).ok().flatten()
        } else {
            None
        };
        let foreign = id.as_ref().is_some_and(|id| !entry.has(id));
        if !entry.deliver_to_all(message) {
            self.surprise(entry, message, id, SurpriseClass::Late);
        } else if foreign {
            self.surprise(entry, message, id, SurpriseClass::UnknownId);
        }
    }

    fn surprise(
        &self,
        entry: &TopicEntry,
        message: &Incoming,
        id: Option<CorrelationId>,
        class: SurpriseClass,
    ) {
        entry.count_surprise(message, class);
        let mut log = lock(&self.surprises);
        // Under the lock: who counts the lost ones must not miss one on its way into the log.
        let number = entry.next_surprise();
        log.push(message.envelope(), &entry.topic, id, class, number);
    }

    /// What no scenario claimed, oldest first, and how many older ones were dropped.
    pub(crate) fn surprises(&self) -> (Vec<Surprise>, u64) {
        lock(&self.surprises).snapshot()
    }

    /// The last ones that came through these subscriptions since an instant, oldest first.
    pub(crate) fn surprises_since(
        &self,
        since: Instant,
        subscriptions: &[&str],
        most: usize,
    ) -> Vec<Surprise> {
        lock(&self.surprises).since(since, subscriptions, most)
    }

    /// How many surprises the log has dropped of those that a scenario could have heard of.
    pub(crate) fn surprises_lost(&self, heard: &Heard) -> u64 {
        lock(&self.surprises).lost(heard)
    }

    /// Where the broker is, for people; nowhere if it is in this process.
    pub(crate) fn address(&self) -> Option<&str> {
        self.config.address.as_deref()
    }

    /// Topics that messages came on since an instant, how many, and whether there may have been more.
    pub(crate) fn busy_topics(&self, since: Instant) -> Vec<(Arc<str>, usize, bool)> {
        let mut busy: Vec<_> = lock(&self.topics)
            .values()
            .filter(|entry| entry.audience == Audience::Everyone)
            // What nobody listens to is told by what was overheard.
            .filter(|entry| !entry.is_watched || entry.member_count() > 0)
            .map(|entry| {
                let (received, or_more) = entry.received_since(since);
                (Arc::clone(&entry.topic), received, or_more)
            })
            .filter(|(_, received, _)| *received > 0)
            .collect();
        busy.sort();
        busy
    }

    /// Topics without a listener that messages of a scenario came on since an instant, as far as topics are watched.
    pub(crate) fn overheard(
        &self,
        since: Instant,
        id: Option<&CorrelationId>,
    ) -> Vec<(Arc<str>, usize)> {
        lock(&self.overheard).since(since, id)
    }

    /// Topics whose messages reached nobody since an instant, if the broker tells.
    pub(crate) fn unread_topics(&self, since: Instant) -> Option<Vec<Arc<str>>> {
        self.connection.get()?.unread_topics(since)
    }

    pub(crate) fn on_event(&self, event: ConnectionEvent) {
        let mut concerned = None;
        let failure = match event {
            ConnectionEvent::Lost { reason } => {
                self.lost.send_replace(Some(reason.clone()));
                Failure::Lost(reason)
            }
            ConnectionEvent::Restored => {
                self.lost.send_replace(None);
                return;
            }
            ConnectionEvent::Refused { reason } => Failure::Refused(reason),
            ConnectionEvent::PublishRefused { topic, reason } => {
                concerned = Some(topic);
                Failure::Refused(reason)
            }
        };
        // Behind the news of a loss: whoever opens from now on hears it there.
        let mut scenarios: Vec<_> = lock(&self.scenarios).values().cloned().collect();
        if let Some(topic) = concerned {
            let sent = |it: &Arc<Member>| it.inbox.may_have_sent(it.leg, &topic);
            if scenarios.iter().any(sent) {
                scenarios.retain(sent);
            }
        }
        for member in scenarios {
            member.inbox.fail(member.leg, failure.clone());
        }
    }

    /// Waits until the connection is up; the error is why it is not.
    pub(crate) async fn connected(&self) -> Result<(), String> {
        if self.lost.borrow().is_none() {
            return Ok(());
        }
        let mut lost = self.lost.subscribe();
        let up = tokio::time::timeout(self.config.ready_timeout, lost.wait_for(Option::is_none));
        if matches!(up.await, Ok(Ok(_))) {
            return Ok(());
        }
        Err(self
            .lost
            .borrow()
            .clone()
            .unwrap_or_else(|| "the harness was closed".to_owned()))
    }

    /// Registrations of open scenarios, over all topics.
    pub(crate) fn registration_count(&self) -> usize {
        lock(&self.topics)
            .values()
            .map(|entry| entry.member_count())
            .sum()
    }

    /// Scenarios that are open.
    pub(crate) fn scenario_count(&self) -> usize {
        lock(&self.scenarios).len()
    }

    /// Subscriptions that the broker holds for this harness, those that linger included.
    pub(crate) fn subscription_count(&self) -> usize {
        lock(&self.topics).len()
    }

    /// Ends the router's task; what the harness held goes with it.
    pub(crate) fn abandon(&self) {
        self.closing.notify_one();
    }

    /// Ends every subscription and the connection.
    pub(crate) async fn close(&self) {
        self.closing.notify_one();
        let scenarios: Vec<_> = lock(&self.scenarios).values().cloned().collect();
        for member in scenarios {
            let closed = Failure::Lost("the harness was closed".to_owned());
            member.inbox.fail(member.leg, closed);
        }
        self.lost
            .send_replace(Some("the harness was closed".to_owned()));
        // Dropped outside the lock: a transport's unsubscribe may do work.
        let topics = std::mem::take(&mut *lock(&self.topics));
        drop(topics);
        if let Some(connection) = self.connection.get() {
            connection.close().await;
        }
    }
}

/// A scenario that the router knows; dropping it makes the router forget it.
pub(crate) struct OpenScenario {
    router: Weak<Router>,
    key: u64,
    id: Option<CorrelationId>,
    shares_id: bool,
}

impl OpenScenario {
    /// Whether a scenario that was open already has the same id.
    pub(crate) fn shares_id(&self) -> bool {
        self.shares_id
    }

    /// Remembers the id of a scenario that ended, to tell late messages from foreign ones.
    pub(crate) fn retire(&self) {
        if let (Some(router), Some(id)) = (self.router.upgrade(), &self.id) {
            lock(&router.surprises).close_id(id);
        }
    }
}

impl Drop for OpenScenario {
    fn drop(&mut self) {
        if let Some(router) = self.router.upgrade() {
            lock(&router.scenarios).remove(&self.key);
            let Some(id) = &self.id else { return };
            let mut ids = lock(&router.ids);
            if let Some(open) = ids.get_mut(id) {
                *open -= 1;
                if *open == 0 {
                    ids.remove(id);
                }
            }
        }
    }
}
