//! The state of a connection: up, down with the reason, or closed; and who is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::RedisError;
use tokio::sync::watch;

use super::dial::{is_loss, words};
use super::session::Session;
use crate::transport::{ConnectionEvent, ConnectionEvents, TransportError};

/// Locks, also after a panic elsewhere: nothing in here is left half-done.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the connection and its tasks share.
pub(super) struct Link {
    address: String,
    events: ConnectionEvents,
    status: watch::Sender<Status>,
}

#[derive(Clone)]
enum Status {
    Up(Arc<Session>),
    Down(String),
    Closed,
}

impl Link {
    pub(super) fn new(address: String, events: ConnectionEvents, first: Arc<Session>) -> Self {
        Self {
            address,
            events,
            status: watch::Sender::new(Status::Up(first)),
        }
    }

    /// Where it leads, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The session, while the connection is up.
    pub(super) fn session(&self) -> Result<Arc<Session>, TransportError> {
        match &*self.status.borrow() {
            Status::Up(session) => Ok(Arc::clone(session)),
            other => Err(self.reason(other)),
        }
    }

    /// The session, as soon as the connection is up; none once it is closed.
    pub(super) async fn session_when_up(&self) -> Option<Arc<Session>> {
        self.session_after(0).await
    }

    /// A session later than `epoch`; none once the connection is closed.
    pub(super) async fn session_after(&self, epoch: u64) -> Option<Arc<Session>> {
        let mut status = self.status.subscribe();
        let found = status.wait_for(|status| match status {
            Status::Up(session) => session.epoch > epoch,
            Status::Down(_) => false,
            Status::Closed => true,
        });
        match &*found.await.ok()? {
            Status::Up(session) => Some(Arc::clone(session)),
            Status::Down(_) | Status::Closed => None,
        }
    }

    /// Resolves when a session is no longer the connection's, with the reason.
    pub(super) async fn lost(&self, epoch: u64) -> TransportError {
        let mut status = self.status.subscribe();
        let over =
            |status: &Status| !matches!(status, Status::Up(session) if session.epoch == epoch);
        match status.wait_for(over).await {
            Ok(status) => self.reason(&status),
            Err(_) => self.reason(&Status::Closed),
        }
    }

    /// Resolves when the connection is closed.
    pub(super) async fn closed(&self) {
        let mut status = self.status.subscribe();
        // The sender is `self`: there is no error.
        let _ = status
            .wait_for(|status| matches!(status, Status::Closed))
            .await;
    }

    fn reason(&self, status: &Status) -> TransportError {
        let reason = match status {
            Status::Up(_) => broken(&self.address),
            Status::Down(reason) => reason.clone(),
            Status::Closed => {
                format!("the connection to {} was closed by the test", self.address)
            }
        };
        TransportError::Lost { reason }
    }

    /// What an answer that did not come means: the loss of the connection, or else what `refused` makes
    /// of the server's words.
    pub(super) fn error(
        &self,
        error: &RedisError,
        refused: impl FnOnce(String) -> TransportError,
    ) -> TransportError {
        if is_loss(error) {
            self.reason(&self.status.borrow())
        } else {
            refused(words(error))
        }
    }

    pub(super) fn close(&self) {
        self.status.send_replace(Status::Closed);
    }

    /// Reports the loss of the connection.
    pub(super) fn down(&self, reason: String) {
        if self.change(Status::Down(reason.clone())) {
            self.events.report(ConnectionEvent::Lost { reason });
        }
    }

    /// Reports the return of the connection.
    pub(super) fn up(&self, session: &Arc<Session>) {
        if self.change(Status::Up(Arc::clone(session))) {
            self.events.report(ConnectionEvent::Restored);
        }
    }

    /// Reports what the server has refused, of something that nobody waits for.
    pub(super) fn refused(&self, words: &str) {
        if !matches!(&*self.status.borrow(), Status::Closed) {
            let reason = format!("{}: {words}", self.address);
            self.events.report(ConnectionEvent::Refused { reason });
        }
    }

    /// A closed connection stays closed.
    fn change(&self, next: Status) -> bool {
        self.status.send_if_modified(|status| {
            let open = !matches!(status, Status::Closed);
            if open {
                *status = next;
            }
            open
        })
    }
}

/// The words for a connection that ended without any.
pub(super) fn broken(address: &str) -> String {
    format!("{address} went away (did the server stop?)")
}
