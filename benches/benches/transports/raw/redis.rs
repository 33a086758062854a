//! `redis`: `PUBLISH` on one connection, a subscription on another.

use std::pin::Pin;

use choreo::Value;
use futures_util::{Stream, StreamExt as _};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client, Msg};

#[derive(Clone)]
pub(crate) struct Publisher {
    connection: MultiplexedConnection,
    topic: &'static str,
}

pub(crate) struct Subscriber(Pin<Box<dyn Stream<Item = Msg> + Send>>);

pub(crate) async fn connect(url: String, topic: &'static str) -> (Publisher, Subscriber) {
    let client = Client::open(url).expect("a valid URL");
    let connection = client.get_multiplexed_async_connection().await;
    let connection = connection.expect("the server is up");
    let mut subscription = client.get_async_pubsub().await.expect("the server is up");
    subscription.subscribe(topic).await.expect("a subscription");
    let messages = Box::pin(subscription.into_on_message());
    (Publisher { connection, topic }, Subscriber(messages))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let mut connection = self.connection.clone();
        let published = connection.publish::<_, _, i64>(self.topic, payload).await;
        published.expect("the server takes it");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.next().await.expect("the connection is up");
        super::decode(message.get_payload_bytes())
    }
}
