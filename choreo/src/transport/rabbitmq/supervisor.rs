//! What happens when a connection is lost: it is told, and brought back with its subscriptions.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::link::{Link, locked};
use super::opener::Opener;
use super::session::{Session, Watch};
use super::subscribe::Live;
use crate::transport::TransportError;

/// The longest pause between two attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// How much longer the pause gets with each attempt.
const RECONNECT_STEP: Duration = Duration::from_millis(20);

/// Starts a task, and forgets those that have ended.
pub(super) fn spawn(
    tasks: &Mutex<JoinSet<()>>,
    task: impl Future<Output = ()> + Send + 'static,
) -> AbortHandle {
    let mut tasks = locked(tasks);
    while tasks.try_join_next().is_some() {}
    tasks.spawn(task)
}

/// Waits for the loss of the connection, and brings it back.
pub(super) struct Supervisor {
    pub(super) link: Arc<Link>,
    pub(super) opener: Arc<Opener>,
    pub(super) tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Supervisor {
    pub(super) async fn run(self, mut watch: Watch) {
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
            tokio::time::sleep_until(Instant::now() + delay).await;
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
