//! The client of the broker in the process.

use choreo::Value;
use choreo::transport::{Memory, MemoryClient, MemorySubscription};

#[derive(Clone)]
pub(crate) struct Publisher {
    client: MemoryClient,
    topic: &'static str,
}

pub(crate) struct Subscriber(MemorySubscription);

pub(crate) async fn connect(memory: Memory, topic: &'static str) -> (Publisher, Subscriber) {
    let client = memory.client();
    let subscription = client.subscribe(topic).await.expect("a valid topic");
    (Publisher { client, topic }, Subscriber(subscription))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let published = self.client.publish(self.topic, payload);
        published.await.expect("the broker takes it");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.next().await.expect("the broker is there");
        super::decode(&message.payload)
    }
}
