//! A subscription: a channel, a queue and a consumer, and the task that takes what comes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_core::Stream;
use lapin::message::Delivery as Received;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Consumer};

use super::address;
use super::link::Link;
use super::plan::{Binding, Plan, Shown};
use super::properties;
use super::session::Session;
use super::words;
use crate::envelope::Envelope;
use crate::transport::Delivery;

const CANCELLED: &str = "the broker cancelled it, as it does when the queue is deleted";

/// Between two attempts to bring back a subscription that the broker has ended.
const RETRY: Duration = Duration::from_millis(100);

/// How long a consumer of a queue that is to be watched may be our own last one, on its way out.
const LAST_WATCHER: Duration = Duration::from_millis(500);

/// Between two looks at such a queue.
const LOOK: Duration = Duration::from_millis(10);

/// What a subscription is to be, also after a reconnect.
pub(super) struct Order {
    pub(super) topic: Arc<str>,
    pub(super) plan: Plan,
    pub(super) delivery: Delivery,
}

/// A live subscription. Dropping it ends it: the consumer is cancelled and the channel closed.
pub(super) struct Live {
    consumer: Consumer,
    // Closed when it is dropped.
    _channel: Channel,
}

/// Why there is no subscription.
pub(super) enum Refusal {
    /// The broker or the client refused.
    Client(lapin::Error),
    /// We do.
    Own(String),
}

impl From<lapin::Error> for Refusal {
    fn from(error: lapin::Error) -> Self {
        Self::Client(error)
    }
}

impl Refusal {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Client(error) => words::of(error),
            Self::Own(words) => words.clone(),
        }
    }
}

impl Order {
    /// Subscribes on a channel of its own: what the broker refuses here closes no other.
    pub(super) async fn open(&self, session: &Session) -> Result<Live, Refusal> {
        let channel = session.channel().await?;
        let taking = BasicConsumeOptions {
            no_ack: true,
            ..BasicConsumeOptions::default()
        };
        let (queue, options, arguments) = match &self.plan {
            Plan::Bound {
                bindings, copied, ..
            } => {
                if let Some(original) = copied {
                    existing(&channel, original).await?;
                }
                let queue = own(&channel, "").await?;
                for binding in bindings {
                    bind(&channel, &queue, copied.as_deref(), binding).await?;
                }
                (queue, taking, FieldTable::default())
            }
            Plan::Inbox { queue } => (own(&channel, queue).await?, taking, FieldTable::default()),
            Plan::Consumed { queue } => {
                existing(&channel, queue).await?;
                (name(queue)?, taking, FieldTable::default())
            }
            Plan::Watched { queue } => {
                unwatched(&channel, queue).await?;
                let mut arguments = FieldTable::default();
                #[expect(clippy::disallowed_methods, reason = "processes share no other clock")]
                let now = SystemTime::now();
                arguments.insert("x-priority".into(), watcher_priority(now));
                (name(queue)?, BasicConsumeOptions::default(), arguments)
            }
        };
        let mut consumer = channel
            .basic_consume(queue.clone(), ShortString::default(), options, arguments)
            .await?;
        if self.is_watch() {
            // What lay in the queue before is on its way. The queue answers the first question after it has
            // handed it to the channel, and the channel the second one after it has sent it to us. Their
            // number would be no help: some may expire before they come.
            existing(&channel, queue.as_str()).await?;
            let found = existing(&channel, queue.as_str()).await?;
            // Between the look before and the consume somebody else may have come.
            let others = found.consumer_count().saturating_sub(1);
            if others > 0 {
                return Err(Refusal::Own(watched_elsewhere(queue.as_str(), others)));
            }
            discard(&mut consumer).await?;
        }
        Ok(Live {
            consumer,
            _channel: channel,
        })
    }

    /// Takes what comes, in order, until it is aborted or the connection is lost.
    pub(super) async fn receive(self: Arc<Self>, mut live: Live, link: Arc<Link>) {
        loop {
            let ended = self.drain(&mut live).await;
            drop(live);
            // A lost connection is the supervisor's affair, who aborts this task.
            match link.session() {
                Ok(session) if session.is_up() => {}
                _ => return,
            }
            let topic = &self.topic;
            link.report_refusal(&format!("the subscription to `{topic}` ended: {ended}"));
            live = loop {
                tokio::time::sleep_until(tokio::time::Instant::now() + RETRY).await;
                let Ok(session) = link.session() else { return };
                if let Ok(live) = self.open(&session).await {
                    break live;
                }
            };
        }
    }

    /// Delivers what comes, and returns why nothing comes any more.
    async fn drain(&self, live: &mut Live) -> String {
        loop {
            let next =
                std::future::poll_fn(|context| Pin::new(&mut live.consumer).poll_next(context));
            match next.await {
                // Held by an earlier watcher, whose end it has outrun.
                Some(Ok(received)) if received.redelivered && self.is_watch() => {}
                Some(Ok(received)) => self.deliver(received),
                Some(Err(error)) => return words::of(&error),
                None => return CANCELLED.into(),
            }
        }
    }

    fn is_watch(&self) -> bool {
        matches!(self.plan, Plan::Watched { .. })
    }

    fn deliver(&self, received: Received) {
        let received_at = Instant::now();
        let key = received.routing_key.as_str();
        let topic = match &self.plan {
            Plan::Bound { shown, .. } => match shown {
                Shown::Key if key == &*self.topic => Arc::clone(&self.topic),
                Shown::Key => key.into(),
                Shown::Exchange(name) => address::of_exchange(name, key).into(),
                Shown::Topic => Arc::clone(&self.topic),
            },
            _ => Arc::clone(&self.topic),
        };
        let described = properties::incoming(&received);
        self.delivery.deliver(Envelope {
            topic,
            key: None,
            headers: described.headers,
            payload: Bytes::from(received.data),
            received_at,
            reply_to: described.reply_to.map(Into::into),
            metadata: described.metadata,
        });
    }
}

/// Makes sure that a queue is there.
async fn existing(channel: &Channel, queue: &str) -> Result<lapin::Queue, Refusal> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    Ok(channel
        .queue_declare(name(queue)?, options, FieldTable::default())
        .await?)
}

/// Lets go of what has come so far.
async fn discard(consumer: &mut Consumer) -> Result<(), Refusal> {
    std::future::poll_fn(|context| {
        loop {
            match Pin::new(&mut *consumer).poll_next(context) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                Poll::Ready(None) => return Poll::Ready(Err(Refusal::Own(CANCELLED.into()))),
                Poll::Pending => return Poll::Ready(Ok(())),
            }
        }
    })
    .await
}

/// Makes sure that a queue is there and that nobody reads it.
async fn unwatched(channel: &Channel, queue: &str) -> Result<(), Refusal> {
    let deadline = Instant::now() + LAST_WATCHER;
    loop {
        let found = existing(channel, queue).await?;
        match found.consumer_count() {
            0 => return Ok(()),
            consumers if Instant::now() > deadline => {
                return Err(Refusal::Own(watched_elsewhere(queue, consumers)));
            }
            _ => tokio::time::sleep_until(tokio::time::Instant::now() + LOOK).await,
        }
    }
}

/// Consumers of the system under test come first where we only watch, and earlier watchers before later ones:
/// one that backs off has taken nothing from the other.
fn watcher_priority(now: SystemTime) -> AMQPValue {
    let age = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    AMQPValue::LongLongInt(i64::try_from(age.as_micros()).map_or(i64::MIN, |micros| -1 - micros))
}

/// Makes a queue that ends with its consumer; the broker chooses an empty name.
async fn own(channel: &Channel, queue: &str) -> Result<ShortString, Refusal> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel
        .queue_declare(name(queue)?, options, FieldTable::default())
        .await?;
    Ok(declared.name().clone())
}

/// Binds a queue of our own, which may be a copy.
async fn bind(
    channel: &Channel,
    queue: &ShortString,
    copied: Option<&str>,
    binding: &Binding,
) -> Result<(), Refusal> {
    let Binding {
        exchange,
        key,
        arguments,
    } = binding;
    let options = QueueBindOptions::default();
    let bound = channel.queue_bind(
        queue.clone(),
        name(exchange)?,
        name(key)?,
        options,
        arguments.table(),
    );
    match (bound.await, copied) {
        (Err(error), Some(copied)) if arguments.are_missing(&words::of(&error)) => {
            let source = address::of_exchange(exchange, key);
            Err(Refusal::Own(format!(
                "`{exchange}` is a headers exchange, which chooses messages by the arguments of a binding. Say \
                 those of the queue: `.binding_with({copied:?}, {source:?}, [(\"x-match\", \"all\"), …])`"
            )))
        }
        (bound, _) => Ok(bound?),
    }
}

fn name(text: &str) -> Result<ShortString, Refusal> {
    properties::short("name", text).map_err(Refusal::Own)
}

fn watched_elsewhere(queue: &str, consumers: u32) -> String {
    let others = crate::text::count(u64::from(consumers), "consumer");
    format!(
        "it has {others}, from which a test that watches it would take messages. Say how it is bound, and the \
         test gets copies: `.binding({queue:?}, \"exchange:NAME/KEY\")`; or make the test one of its consumers: \
         `.consume({queue:?})`. A test in another process that watches the queue is a consumer too: tests that \
         run in parallel need copies, or else run one after the other"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_watchers_go_before_later_ones_and_consumers_before_all() {
        let priority = |at| match watcher_priority(at) {
            AMQPValue::LongLongInt(priority) => priority,
            other => panic!("{other:?} is no priority"),
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let later = now + Duration::from_millis(1);
        assert!(priority(later) < priority(now) && priority(now) < 0);
        assert!(priority(UNIX_EPOCH) < 0);
    }
}
