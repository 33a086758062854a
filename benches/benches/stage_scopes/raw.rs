//! The control: the same messages to as many waiting tasks through the raw clients, as a test without Choreo
//! would have them. One task reads each subscription and finds by its id whom a message is for.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use choreo::Value;
use choreo::serde_json::from_slice;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Not the topic of the scopes: nobody gets a message of the other side.
pub(crate) const TOPIC: &str = "raw.orders";

/// Whoever waits on one transport, by id.
type Waiting = Arc<Mutex<HashMap<String, Waiter>>>;

struct Waiter {
    share: usize,
    messages: Vec<Value>,
    done: oneshot::Sender<Vec<Value>>,
}

/// Two subscriptions, and who waits for their messages.
pub(crate) struct Raw {
    nats: Waiting,
    redis: Waiting,
    _readers: JoinSet<()>,
}

impl Raw {
    pub(crate) async fn connect(nats: &str, redis: &str) -> Self {
        let client = async_nats::connect(nats).await.expect("the server is up");
        let on_nats = client.subscribe(TOPIC).await.expect("a valid subject");
        client.flush().await.expect("the connection is up");
        let client = redis::Client::open(redis).expect("a valid URL");
        let mut on_redis = client.get_async_pubsub().await.expect("the server is up");
        on_redis.subscribe(TOPIC).await.expect("a subscription");
        let (nats, redis) = (Waiting::default(), Waiting::default());
        let mut readers = JoinSet::new();
        let messages = on_nats.map(|message| message.payload.to_vec());
        readers.spawn(read(Box::pin(messages), Arc::clone(&nats)));
        let messages = on_redis.into_on_message();
        let messages = messages.map(|message| message.get_payload_bytes().to_vec());
        readers.spawn(read(Box::pin(messages), Arc::clone(&redis)));
        Self {
            nats,
            redis,
            _readers: readers,
        }
    }

    /// Begins to wait for so many messages on each transport, with each of these ids. Whoever waits keeps them.
    pub(crate) fn wait(&self, ids: &[String], share: usize) -> JoinSet<[Vec<Value>; 2]> {
        let mut waiting = JoinSet::new();
        for id in ids {
            let [on_nats, on_redis] = [&self.nats, &self.redis].map(|waiting| {
                let (done, messages) = oneshot::channel();
                let waiter = Waiter {
                    share,
                    messages: Vec::new(),
                    done,
                };
                locked(waiting).insert(id.clone(), waiter);
                messages
            });
            waiting.spawn(async move {
                let on_nats = on_nats.await.expect("the reader lives");
                [on_nats, on_redis.await.expect("the reader lives")]
            });
        }
        waiting
    }
}

async fn read(mut messages: Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>, waiting: Waiting) {
    while let Some(payload) = messages.next().await {
        let message: Value = from_slice(&payload).expect("it is JSON");
        let id = message["correlation_id"].as_str().expect("it has an id");
        let mut waiting = locked(&waiting);
        let waiter = waiting.get_mut(id).expect("somebody waits for it");
        assert_eq!(message["status"].as_str(), Some("OK"));
        if waiter.messages.len() + 1 < waiter.share {
            waiter.messages.push(message);
            continue;
        }
        let id = id.to_owned();
        let mut waiter = waiting.remove(&id).expect("it was there");
        drop(waiting);
        waiter.messages.push(message);
        // Who has given up needs no messages.
        let _ = waiter.done.send(waiter.messages);
    }
}

fn locked(waiting: &Waiting) -> MutexGuard<'_, HashMap<String, Waiter>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
