//! An open connection: subscriptions, publishing, and an end that leaves nothing.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::link::{Link, locked};
use super::opener::Opener;
use super::publish::{self, Parcel, Undelivered};
use super::session::Watch;
use super::subscribe::{Order, Refusal};
use super::supervisor::{Supervisor, spawn};
use super::{address, properties};
use crate::envelope::Outgoing;
use crate::ids::CorrelationId;
use crate::transport::{Connection, Delivery, TransportError};

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
            mandatory: self.opener.mandatory && !is_direct_reply(exchange, key),
        };
        let session = self.link.session()?;
        // The harness bounds it; a lost connection, and a broker short of memory, end it at once.
        let result = tokio::select! {
            biased;
            result = session.publishers.publish(&session, parcel, &message.payload) => result,
            error = self.link.loss_of(&session) => return Err(error),
            why = self.link.blockade() => {
                return Err(failed(format!("the broker takes no messages at present: {why}")));
            }
        };
        match result {
            Ok(()) => Ok(()),
            Err(Undelivered::Client(_)) if !session.is_up() => {
                Err(self.link.loss_of(&session).await)
            }
            Err(undelivered) => Err(failed(publish::reason(&undelivered, exchange, key))),
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        let session = self.link.session()?;
        let answered = async {
            let channel = session.channel().await?;
            channel.close(200, "OK".into()).await
        };
        match answered.await {
            Ok(()) => Ok(()),
            Err(_) if !session.is_up() => Err(self.link.loss_of(&session).await),
            Err(error) => Err(TransportError::Lost {
                reason: error.to_string(),
            }),
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

/// Whether a message goes to a client that asked by direct reply-to. RabbitMQ delivers it, and returns it as
/// unroutable all the same when it is mandatory.
fn is_direct_reply(exchange: &str, key: &str) -> bool {
    exchange.is_empty() && key.starts_with("amq.rabbitmq.reply-to.")
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
