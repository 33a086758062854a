//! The state of a connection: up with a session or down with a reason, and who subscribes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::session::Session;
use super::subscribe::Order;
use crate::transport::{ConnectionEvent, ConnectionEvents, TransportError};

/// Locks, also after a panic elsewhere: nothing in here is left half-done.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a connection and its tasks share.
pub(super) struct Link {
    address: String,
    events: ConnectionEvents,
    closed: AtomicBool,
    state: Mutex<State>,
    /// Why the connection is down; none while it is up.
    down: watch::Sender<Option<String>>,
    /// Why the broker takes no messages at present.
    blocked: watch::Sender<Option<String>>,
}

struct State {
    session: Option<Arc<Session>>,
    next: u64,
    subscribers: BTreeMap<u64, Subscriber>,
}

struct Subscriber {
    order: Arc<Order>,
    task: AbortHandle,
}

impl Link {
    pub(super) fn new(address: String, events: ConnectionEvents, session: Arc<Session>) -> Self {
        Self {
            address,
            events,
            closed: AtomicBool::new(false),
            state: Mutex::new(State {
                session: Some(session),
                next: 0,
                subscribers: BTreeMap::new(),
            }),
            down: watch::Sender::new(None),
            blocked: watch::Sender::new(None),
        }
    }

    /// Where it leads, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The session, while the connection is up.
    pub(super) fn session(&self) -> Result<Arc<Session>, TransportError> {
        if let Some(reason) = &*self.down.borrow() {
            return Err(TransportError::Lost {
                reason: reason.clone(),
            });
        }
        locked(&self.state)
            .session
            .clone()
            .ok_or_else(|| TransportError::Lost {
                reason: self.closed_words(),
            })
    }

    /// Resolves with the reason when the broker takes no messages; at once when it takes none.
    pub(super) async fn blockade(&self) -> String {
        let mut blocked = self.blocked.subscribe();
        // Its sender is ours.
        let why = blocked.wait_for(Option::is_some).await.ok();
        why.and_then(|why| why.clone()).unwrap_or_default()
    }

    /// Resolves when a session is lost; at once when it is. It may have a successor by then.
    pub(super) async fn loss_of(&self, session: &Arc<Session>) -> TransportError {
        let mut down = self.down.subscribe();
        while self.is_current(session) {
            if down.changed().await.is_err() {
                break;
            }
        }
        let reason = down.borrow().clone();
        TransportError::Lost {
            reason: reason.unwrap_or_else(|| {
                format!(
                    "the connection to {} broke, and has come back",
                    self.address
                )
            }),
        }
    }

    fn is_current(&self, session: &Arc<Session>) -> bool {
        is_it(&locked(&self.state), session)
    }

    /// From now on nothing is reported. Gives the last session.
    pub(super) fn close(&self) -> Option<Arc<Session>> {
        self.closed.store(true, Ordering::SeqCst);
        let mut state = locked(&self.state);
        self.down.send_replace(Some(self.closed_words()));
        for subscriber in std::mem::take(&mut state.subscribers).into_values() {
            subscriber.task.abort();
        }
        state.session.take()
    }

    fn closed_words(&self) -> String {
        format!("the connection to {} was closed by the test", self.address)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// The connection is lost.
    pub(super) fn went_down(&self, why: &str) {
        let mut state = locked(&self.state);
        state.session = None;
        self.blocked.send_replace(None);
        for subscriber in state.subscribers.values() {
            subscriber.task.abort();
        }
        if self.is_closed() {
            return;
        }
        let reason = format!("the connection to {} broke: {why}", self.address);
        self.down.send_replace(Some(reason.clone()));
        // Under the lock, so that losses and returns are reported in their order.
        self.events.report(ConnectionEvent::Lost { reason });
    }

    /// An attempt to reconnect has failed; whoever asks hears why.
    pub(super) fn stays_down(&self, why: &TransportError) {
        if !self.is_closed() {
            let address = &self.address;
            let reason = format!("the connection to {address} broke, and is not back: {why}");
            self.down.send_replace(Some(reason));
        }
    }

    /// The connection is back with all its subscriptions.
    pub(super) fn came_up(&self, session: Arc<Session>) {
        let mut state = locked(&self.state);
        if !self.is_closed() {
            state.session = Some(session);
            self.down.send_replace(None);
            self.events.report(ConnectionEvent::Restored);
        }
    }

    /// The broker is short of something.
    pub(super) fn blocked(&self, why: String) {
        self.report_refusal(&format!("it takes no messages at present: {why}"));
        self.blocked.send_replace(Some(why));
    }

    /// It has enough again.
    pub(super) fn unblocked(&self) {
        self.blocked.send_replace(None);
    }

    /// Reports what the broker says about something that was handed over earlier.
    pub(super) fn report_refusal(&self, words: &str) {
        if !self.is_closed() {
            let reason = format!("{}: {words}", self.address);
            self.events.report(ConnectionEvent::Refused { reason });
        }
    }

    /// Adds a subscription that is live on a session, which must still be the current one.
    pub(super) fn add(
        &self,
        order: Arc<Order>,
        session: &Arc<Session>,
        spawn: impl FnOnce() -> AbortHandle,
    ) -> Option<u64> {
        let mut state = locked(&self.state);
        if !is_it(&state, session) {
            return None;
        }
        let id = state.next;
        state.next += 1;
        let task = spawn();
        state.subscribers.insert(id, Subscriber { order, task });
        Some(id)
    }

    /// Takes a subscription out; its task drops what the broker has of it.
    pub(super) fn remove(&self, id: u64) {
        if let Some(subscriber) = locked(&self.state).subscribers.remove(&id) {
            subscriber.task.abort();
        }
    }

    /// The subscriptions to bring back.
    pub(super) fn orders(&self) -> Vec<(u64, Arc<Order>)> {
        locked(&self.state)
            .subscribers
            .iter()
            .map(|(id, subscriber)| (*id, Arc::clone(&subscriber.order)))
            .collect()
    }

    /// Gives a subscription its new task, unless it was dropped meanwhile.
    pub(super) fn replace(&self, id: u64, spawn: impl FnOnce() -> AbortHandle) {
        if let Some(subscriber) = locked(&self.state).subscribers.get_mut(&id) {
            subscriber.task.abort();
            subscriber.task = spawn();
        }
    }
}

fn is_it(state: &State, session: &Arc<Session>) -> bool {
    let current = state.session.as_ref();
    current.is_some_and(|current| Arc::ptr_eq(current, session))
}
