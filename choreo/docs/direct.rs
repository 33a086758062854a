use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use choreo::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, Envelope, Outgoing, Transport,
    TransportError,
};

type Topics = Arc<Mutex<HashMap<String, Vec<(u64, Delivery)>>>>;

/// The broker's address: here, the broker itself.
#[derive(Default)]
struct Direct {
    topics: Topics,
}

struct DirectConnection {
    topics: Topics,
    closed: AtomicBool,
}

struct DirectSubscription {
    topics: Topics,
    topic: String,
    id: u64,
}

impl Transport for Direct {
    type Connection = DirectConnection;

    fn name(&self) -> &str {
        "Direct"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        Vec::new() // no socket
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain().with_headers()
    }

    async fn connect(&self, _: ConnectionEvents) -> Result<DirectConnection, TransportError> {
        Ok(DirectConnection { topics: Arc::clone(&self.topics), closed: AtomicBool::new(false) })
    }
}

impl DirectConnection {
    fn check_open(&self) -> Result<(), TransportError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(TransportError::Lost { reason: "it was closed".to_owned() });
        }
        Ok(())
    }
}

impl Connection for DirectConnection {
    type Subscription = DirectSubscription;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<DirectSubscription, TransportError> {
        self.check_open()?;
        let mut topics = self.topics.lock().expect("no holder panics");
        let members = topics.entry(topic.to_owned()).or_default();
        let id = members.last().map_or(0, |(id, _)| id + 1);
        members.push((id, delivery));
        Ok(DirectSubscription { topics: Arc::clone(&self.topics), topic: topic.to_owned(), id })
    }

    async fn publish(&self, message: Outgoing) -> Result<(), TransportError> {
        self.check_open()?;
        let members = {
            let topics = self.topics.lock().expect("no holder panics");
            topics.get(&*message.topic).cloned().unwrap_or_default()
        };
        let mut envelope = Envelope::new(message.topic, message.payload);
        envelope.headers = message.headers;
        for (_, delivery) in members {
            delivery.deliver(envelope.clone());
        }
        Ok(())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl Drop for DirectSubscription {
    fn drop(&mut self) {
        if let Ok(mut topics) = self.topics.lock()
            && let Some(members) = topics.get_mut(&self.topic)
        {
            members.retain(|(id, _)| *id != self.id);
        }
    }
}
