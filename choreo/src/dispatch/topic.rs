//! One topic of a connection: who is registered on it, and whether the broker delivers it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use foldhash::HashMap;
use tokio::sync::watch;

use super::{Audience, Failure, Heard, Inbox, Router, SurpriseClass, lock};
use crate::clock;
use crate::codec::Incoming;
use crate::ids::CorrelationId;
use crate::transport::TransportError;
use crate::transport::erased::DynSubscription;

/// Instants that are remembered, to tell how much came since one of them.
const REMEMBERED: usize = 64;

#[derive(Clone)]
pub(super) struct Target {
    pub(super) key: u64,
    pub(super) slot: u32,
    pub(super) leg: u32,
    pub(super) inbox: Arc<dyn Inbox>,
}

#[derive(Default)]
struct Members {
    by_id: HashMap<CorrelationId, Vec<Target>>,
    /// Scenarios without an id.
    everyone: Vec<Target>,
    count: usize,
    /// Since when nobody is registered.
    idle_since: Option<Instant>,
    subscription: Option<DynSubscription>,
    received: u64,
    /// When the last messages came.
    recent: VecDeque<Instant>,
}

#[derive(Clone)]
enum Readiness {
    Pending,
    Ready,
    Refused(TransportError),
}

/// What came on a topic, and of it what reached no scenario, by reason.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopicTraffic {
    pub(crate) without_id: u64,
    pub(crate) unknown_id: u64,
    pub(crate) late: u64,
    /// Of those without an id, the ones whose payload did not decode: an id in it could not be read.
    pub(crate) undecodable: u64,
    pub(crate) received: u64,
}

impl TopicTraffic {
    /// What may have been for the scenario could not be decoded, all of it.
    pub(crate) fn all_undecodable(self) -> bool {
        self.undecodable > 0 && self.undecodable >= self.without_id && self.unknown_id == 0
    }

    /// What was added since an earlier look.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            without_id: self.without_id - earlier.without_id,
            unknown_id: self.unknown_id - earlier.unknown_id,
            late: self.late - earlier.late,
            undecodable: self.undecodable - earlier.undecodable,
            received: self.received - earlier.received,
        }
    }
}

pub(super) struct TopicEntry {
    pub(super) topic: Arc<str>,
    pub(super) audience: Audience,
    /// Subscribed to for as long as the connection lasts, whether a scenario listens or not.
    pub(super) is_watched: bool,
    members: Mutex<Members>,
    readiness: watch::Sender<Readiness>,
    without_id: AtomicU64,
    unknown_id: AtomicU64,
    late: AtomicU64,
    undecodable: AtomicU64,
    surprises: AtomicU64,
}

impl TopicEntry {
    pub(super) fn watched(topic: &str) -> Self {
        Self {
            is_watched: true,
            ..Self::new(topic, Audience::Everyone)
        }
    }

    pub(super) fn new(topic: &str, audience: Audience) -> Self {
        Self {
            topic: topic.into(),
            audience,
            is_watched: false,
            members: Mutex::default(),
            readiness: watch::channel(Readiness::Pending).0,
            without_id: AtomicU64::new(0),
            unknown_id: AtomicU64::new(0),
            late: AtomicU64::new(0),
            undecodable: AtomicU64::new(0),
            surprises: AtomicU64::new(0),
        }
    }

    pub(super) fn add(&self, id: Option<&CorrelationId>, target: Target) {
        let mut members = lock(&self.members);
        members.count += 1;
        members.idle_since = None;
        match id {
            Some(id) => members.by_id.entry(id.clone()).or_default().push(target),
            None => members.everyone.push(target),
        }
    }

    /// Returns whether nobody is left.
    fn remove(&self, id: Option<&CorrelationId>, key: u64) -> bool {
        let mut members = lock(&self.members);
        let removed = match id {
            Some(id) => match members.by_id.get_mut(id) {
                Some(targets) => {
                    let before = targets.len();
                    targets.retain(|target| target.key != key);
                    let removed = before - targets.len();
                    if targets.is_empty() {
                        members.by_id.remove(id);
                    }
                    removed
                }
                None => 0,
            },
            None => {
                let before = members.everyone.len();
                members.everyone.retain(|target| target.key != key);
                before - members.everyone.len()
            }
        };
        members.count -= removed;
        if members.count == 0 && !self.is_watched {
            members.idle_since = Some(clock::now());
        }
        members.count == 0
    }

    pub(super) fn ready(&self, subscription: DynSubscription) {
        lock(&self.members).subscription = Some(subscription);
        self.readiness.send_replace(Readiness::Ready);
    }

    pub(super) fn refused(&self, error: TransportError) {
        self.readiness.send_replace(Readiness::Refused(error));
    }

    /// Waits for the broker's word on the subscription; bounded by the router's own limit.
    pub(super) fn confirmed(
        &self,
    ) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
        let mut readiness = self.readiness.subscribe();
        let topic = Arc::clone(&self.topic);
        async move {
            let decided = readiness
                .wait_for(|state| !matches!(state, Readiness::Pending))
                .await;
            match decided.as_deref() {
                Ok(Readiness::Refused(error)) => Err(error.clone()),
                Ok(_) => Ok(()),
                Err(_) => Err(TransportError::Subscribe {
                    topic: topic.as_ref().to_owned(),
                    reason: "the harness was closed".to_owned(),
                }),
            }
        }
    }

    pub(super) fn count_received(&self, at: Instant) {
        let mut members = lock(&self.members);
        members.received += 1;
        if members.recent.len() == REMEMBERED {
            members.recent.pop_front();
        }
        members.recent.push_back(at);
    }

    /// How many messages came since an instant, and whether these are all that are remembered.
    pub(super) fn received_since(&self, since: Instant) -> (usize, bool) {
        let members = lock(&self.members);
        let received = members.recent.iter().filter(|at| **at >= since).count();
        (received, received == REMEMBERED)
    }

    pub(super) fn count_surprise(&self, message: &Incoming, class: SurpriseClass) {
        // Before it counts as one without an id: a scenario may be ending.
        if class == SurpriseClass::WithoutId && message.is_undecodable() {
            self.undecodable.fetch_add(1, Ordering::Relaxed);
        }
        match class {
            SurpriseClass::WithoutId => self.without_id.fetch_add(1, Ordering::Relaxed),
            SurpriseClass::UnknownId => self.unknown_id.fetch_add(1, Ordering::Relaxed),
            SurpriseClass::Late => self.late.fetch_add(1, Ordering::Relaxed),
            SurpriseClass::Unclaimed => 0,
        };
    }

    /// The number of a surprise that is being logged.
    pub(super) fn next_surprise(&self) -> u64 {
        self.surprises.fetch_add(1, Ordering::Relaxed)
    }

    fn traffic(&self) -> TopicTraffic {
        TopicTraffic {
            without_id: self.without_id.load(Ordering::Relaxed),
            unknown_id: self.unknown_id.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            undecodable: self.undecodable.load(Ordering::Relaxed),
            received: lock(&self.members).received,
        }
    }

    /// Delivers outside the lock: a matcher may take its time. Returns whether anyone was there.
    pub(super) fn deliver_to(&self, id: &CorrelationId, message: &Arc<Incoming>) -> bool {
        let (first, others) = {
            let members = lock(&self.members);
            let Some((first, others)) = members
                .by_id
                .get(id)
                .and_then(|targets| targets.split_first())
            else {
                return false;
            };
            // One target is the rule: nothing is allocated for it.
            (first.clone(), others.to_vec())
        };
        for target in std::iter::once(first).chain(others) {
            target.inbox.deliver(target.slot, message);
        }
        true
    }

    pub(super) fn deliver_to_all(&self, message: &Arc<Incoming>) -> bool {
        let targets = self.everyone();
        let any = !targets.is_empty();
        for target in targets {
            target.inbox.deliver(target.slot, message);
        }
        any
    }

    /// Whether a scenario with this id is registered.
    pub(super) fn has(&self, id: &CorrelationId) -> bool {
        lock(&self.members).by_id.contains_key(id)
    }

    pub(super) fn fail_all(&self, failure: &Failure) {
        for target in self.everyone() {
            target.inbox.fail(target.leg, failure.clone());
        }
    }

    fn everyone(&self) -> Vec<Target> {
        let members = lock(&self.members);
        members
            .by_id
            .values()
            .flatten()
            .chain(&members.everyone)
            .cloned()
            .collect()
    }

    pub(super) fn member_count(&self) -> usize {
        lock(&self.members).count
    }
}

/// A scenario's place on a topic; dropping it gives the place up.
pub(crate) struct Registration {
    router: Weak<Router>,
    entry: Arc<TopicEntry>,
    id: Option<CorrelationId>,
    key: u64,
    traffic_before: TopicTraffic,
    surprises_before: u64,
}

impl Registration {
    pub(super) fn new(
        router: Weak<Router>,
        entry: Arc<TopicEntry>,
        id: Option<CorrelationId>,
        key: u64,
    ) -> Self {
        let traffic_before = entry.traffic();
        let surprises_before = entry.surprises.load(Ordering::Relaxed);
        Self {
            router,
            entry,
            id,
            key,
            traffic_before,
            surprises_before,
        }
    }

    /// As it was subscribed to.
    pub(crate) fn topic(&self) -> &Arc<str> {
        &self.entry.topic
    }

    /// What came on the topic since the registration.
    pub(crate) fn traffic(&self) -> TopicTraffic {
        self.entry.traffic().since(self.traffic_before)
    }

    /// The surprises since the registration.
    pub(crate) fn heard(&self) -> Heard {
        let now = self.entry.surprises.load(Ordering::Relaxed);
        Heard::new(&self.entry.topic, self.surprises_before..now)
    }

    /// Whether the broker has confirmed the subscription already.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(*self.entry.readiness.borrow(), Readiness::Ready)
    }

    /// Waits for the broker's word on the subscription; bounded by the router's own limit.
    pub(crate) fn ready(&self) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
        self.entry.confirmed()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.entry.remove(self.id.as_ref(), self.key)
            && let Some(router) = self.router.upgrade()
        {
            router.idle.notify_one();
        }
    }
}

/// Ends subscriptions that nobody has used for the linger time. One task per router.
pub(super) async fn reap(router: Weak<Router>) {
    let mut pending = false;
    loop {
        let Some(strong) = router.upgrade() else {
            return;
        };
        let linger = strong.config.linger;
        if pending {
            // An expiry, not a synchronisation: nothing waits for it.
            if tokio::time::timeout(linger, strong.closing.notified())
                .await
                .is_ok()
            {
                return;
            }
        } else {
            tokio::select! {
                () = strong.idle.notified() => {}
                () = strong.closing.notified() => return,
            }
            pending = true;
            continue;
        }
        let mut expired = Vec::new();
        pending = false;
        lock(&strong.topics).retain(|_, entry| {
            let idle_since = lock(&entry.members).idle_since;
            let Some(idle_since) = idle_since else {
                return true;
            };
            if clock::now().saturating_duration_since(idle_since) < linger {
                pending = true;
                return true;
            }
            expired.push(Arc::clone(entry));
            false
        });
        // Dropped outside the lock: a transport's unsubscribe may do work.
        drop(expired);
    }
}
