//! `async-nats`: publish, flush, and a subscription.

use choreo::Value;
use futures_util::StreamExt as _;

#[derive(Clone)]
pub(crate) struct Publisher {
    client: async_nats::Client,
    topic: &'static str,
}

pub(crate) struct Subscriber(async_nats::Subscriber);

pub(crate) async fn connect(url: String, topic: &'static str) -> (Publisher, Subscriber) {
    let client = async_nats::connect(url).await.expect("the server is up");
    let subscriber = client.subscribe(topic).await.expect("a valid subject");
    client.flush().await.expect("the connection is up");
    (Publisher { client, topic }, Subscriber(subscriber))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let published = self.client.publish(self.topic, payload.into());
        published.await.expect("the server takes it");
        self.client.flush().await.expect("the connection is up");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.next().await.expect("the connection is up");
        super::decode(&message.payload)
    }
}
