//! An open connection: subscriptions, publishing, and an end that leaves no thread.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::DeliveryFuture;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::consumer::Reading;
use super::link::{SharedLink, locked};
use super::record::outgoing;
use super::settings::words;
use super::topic::{Pattern, check_name};
use super::watch::watch;
use crate::envelope::Outgoing;
use crate::transport::{Connection, Delivery, TransportError};

/// How long `close` waits for the client's own threads. They end at once unless the machine is very busy.
const CLOSE_BOUND: Duration = Duration::from_secs(10);

/// How long a broker may take for a sign of life: less than the harness waits, as a thread waits with it.
const PING_BOUND: Duration = Duration::from_millis(600);

/// A connection to Kafka, made by [`Kafka`](super::Kafka).
pub struct KafkaConnection {
    link: SharedLink,
    reading: Mutex<Option<Arc<Reading>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Renews the bearer token.
    renewal: Option<AbortHandle>,
    /// Fails when the client is gone.
    gone: Mutex<Option<oneshot::Receiver<()>>>,
    /// Topics that have been seen.
    known: Arc<Mutex<HashSet<Arc<str>>>>,
    bound: Duration,
}

/// A subscription of a [`KafkaConnection`]; ends when it is dropped.
#[must_use = "dropping it ends the subscription"]
pub struct KafkaSubscription {
    reading: Weak<Reading>,
    id: u64,
}

impl Drop for KafkaSubscription {
    fn drop(&mut self) {
        if let Some(reading) = self.reading.upgrade()
            && reading.routes.remove(self.id)
        {
            // Giving up partitions waits for the client: not here, where it could be async code.
            reading.cluster.link.send(|errand| errand.sweep = true);
        }
    }
}

impl fmt::Debug for KafkaSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSubscription")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl KafkaConnection {
    /// Starts the threads of a connection.
    pub(super) fn start(
        reading: Reading,
        gone: oneshot::Receiver<()>,
        renewal: Option<AbortHandle>,
        bound: Duration,
    ) -> Result<Self, TransportError> {
        let link = Arc::clone(&reading.cluster.link);
        let connection = Self {
            link: Arc::clone(&link),
            reading: Mutex::new(Some(Arc::new(reading))),
            threads: Mutex::default(),
            renewal,
            gone: Mutex::new(Some(gone)),
            known: Arc::default(),
            bound,
        };
        connection.spawn("choreo-kafka-receive", Reading::receive)?;
        connection.spawn("choreo-kafka-watch", watch)?;
        link.opened();
        // What went wrong between the connect and here.
        link.ensure_up()?;
        Ok(connection)
    }

    fn spawn(&self, name: &str, body: fn(&Reading)) -> Result<(), TransportError> {
        let reading = self.reading()?;
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || body(&reading))
            .map_err(|error| TransportError::Connect {
                endpoint: self.link.address().into(),
                reason: format!("cannot start a thread: {error}"),
            })?;
        locked(&self.threads).push(thread);
        Ok(())
    }

    fn reading(&self) -> Result<Arc<Reading>, TransportError> {
        self.link.ensure_up()?;
        locked(&self.reading)
            .clone()
            .ok_or_else(|| TransportError::Lost {
                reason: format!("the connection to {} was closed", self.link.address()),
            })
    }

    /// Makes sure that a topic exists, once for each.
    async fn ensure_topic(&self, topic: &Arc<str>) -> Result<(), TransportError> {
        if locked(&self.known).contains(topic) {
            return Ok(());
        }
        let reading = self.reading()?;
        let (name, deadline) = (Arc::clone(topic), Instant::now() + self.bound);
        let ensured = tokio::task::spawn_blocking(move || reading.cluster.ensure(&name, deadline));
        self.unless_lost(ensured)
            .await?
            .map_err(|reason| TransportError::Publish {
                topic: topic.to_string(),
                reason,
            })?;
        locked(&self.known).insert(Arc::clone(topic));
        Ok(())
    }

    /// The result of blocking work, or the loss of the connection. The work itself is bounded.
    async fn unless_lost<T>(&self, work: tokio::task::JoinHandle<T>) -> Result<T, TransportError> {
        tokio::select! {
            biased;
            result = work => result.map_err(|_| TransportError::Lost {
                reason: "the work on the connection was interrupted".into(),
            }),
            error = self.link.lost() => Err(error),
        }
    }

    fn send(&self, message: &Outgoing) -> Result<DeliveryFuture, TransportError> {
        let failed = |reason: String| TransportError::Publish {
            topic: message.topic.to_string(),
            reason,
        };
        let record = outgoing(message).map_err(&failed)?;
        let reading = self.reading()?;
        reading
            .cluster
            .producer
            .send_result(record)
            .map_err(|(error, _)| failed(publish_reason(&error)))
    }
}

impl Connection for KafkaConnection {
    type Subscription = KafkaSubscription;

    fn check_topic(&self, topic: &str) -> Result<(), String> {
        Pattern::parse(topic).map(|_| ())
    }

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<KafkaSubscription, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: topic.into(),
            reason,
        };
        let pattern = Pattern::parse(topic).map_err(&refused)?;
        // What is registered while the broker is away is for when it is back.
        self.link.up(self.bound).await?;
        let reading = self.reading()?;
        let deadline = Instant::now() + self.bound;
        // When this future is dropped, the subscription is dropped with the result of the work.
        let work = tokio::task::spawn_blocking(move || {
            let route = reading.subscribe(pattern, delivery, deadline)?;
            Ok::<_, String>(KafkaSubscription {
                reading: Arc::downgrade(&reading),
                id: route.id,
            })
        });
        self.unless_lost(work).await?.map_err(refused)
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        let failed = |reason: String| TransportError::Publish {
            topic: message.topic.to_string(),
            reason,
        };
        check_name(&message.topic).map_err(&failed)?;
        self.ensure_topic(&message.topic).await?;
        let report = self.send(&message)?;
        // The harness bounds it; a lost connection ends it at once.
        let report = tokio::select! {
            biased;
            report = report => report,
            error = self.link.lost() => {
                locked(&self.known).clear();
                return Err(error);
            }
        };
        match report {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => {
                locked(&self.known).remove(&message.topic);
                Err(failed(publish_reason(&error)))
            }
            Err(_) => Err(failed("the connection was closed".into())),
        }
    }

    async fn ping(&self) -> Result<(), TransportError> {
        let reading = self.reading()?;
        let deadline = Instant::now() + PING_BOUND;
        let asked = tokio::task::spawn_blocking(move || {
            let read = reading.routes.topics();
            reading.cluster.ask_leaders(&read, deadline)
        });
        let answer = self.unless_lost(asked).await?;
        answer.map_err(|reason| TransportError::Lost { reason })
    }

    async fn close(&self) {
        self.shut();
        let reading = locked(&self.reading).take();
        let threads = std::mem::take(&mut *locked(&self.threads));
        // The client waits for its threads when it is dropped.
        let ended = tokio::task::spawn_blocking(move || end(reading, threads)).await;
        let gone = locked(&self.gone).take();
        let waited = match gone {
            Some(gone) => tokio::time::timeout(CLOSE_BOUND, gone).await.is_ok(),
            None => true,
        };
        if ended.is_err() || !waited {
            tracing::warn!(
                address = self.link.address(),
                "the Kafka client did not end in time"
            );
        }
    }
}

impl KafkaConnection {
    fn shut(&self) {
        self.link.close();
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
    }
}

impl Drop for KafkaConnection {
    fn drop(&mut self) {
        self.shut();
        let reading = locked(&self.reading).take();
        let threads = std::mem::take(&mut *locked(&self.threads));
        if reading.is_some() {
            // Not here, where it could be async code; without a thread for it, it is done here after all.
            let ending = std::thread::Builder::new().name("choreo-kafka-end".into());
            drop(ending.spawn(move || end(reading, threads)));
        }
    }
}

fn end(reading: Option<Arc<Reading>>, threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // One that panicked has said so.
        let _ = thread.join();
    }
    drop(reading);
}

impl fmt::Debug for KafkaConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConnection")
            .field("address", &self.link.address())
            .finish_non_exhaustive()
    }
}

fn publish_reason(error: &KafkaError) -> String {
    let words = words(error);
    let advice = match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
            "send less, or raise `message.max.bytes` of the broker and `max_message_bytes` of `Kafka`"
        }
        Some(RDKafkaErrorCode::QueueFull) => {
            "too many messages wait for the broker: publish fewer at once"
        }
        Some(RDKafkaErrorCode::UnknownPartition) => "the topic has no partition of that number",
        Some(RDKafkaErrorCode::MessageTimedOut) => "the broker did not take it in time",
        _ => return words,
    };
    format!("{words} ({advice})")
}

#[cfg(all(test, feature = "broker"))]
mod tests;
