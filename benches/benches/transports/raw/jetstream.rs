//! JetStream with `async-nats`: publish with acknowledgement, and a push consumer without.

use async_nats::jetstream::{self, consumer};
use choreo::Value;
use futures_util::StreamExt as _;

#[derive(Clone)]
pub(crate) struct Publisher {
    context: jetstream::Context,
    topic: &'static str,
}

pub(crate) struct Subscriber(consumer::push::Messages);

/// The stream is there.
pub(crate) async fn connect(
    url: String,
    stream: &str,
    topic: &'static str,
) -> (Publisher, Subscriber) {
    let client = async_nats::connect(url).await.expect("the server is up");
    let deliver_subject = client.new_inbox();
    let context = jetstream::new(client);
    let stream = context.get_stream(stream).await.expect("it is there");
    let config = consumer::push::Config {
        deliver_subject,
        filter_subject: topic.to_owned(),
        ack_policy: consumer::AckPolicy::None,
        deliver_policy: consumer::DeliverPolicy::New,
        ..consumer::push::Config::default()
    };
    let consumer = stream.create_consumer(config).await.expect("a consumer");
    let messages = consumer.messages().await.expect("a subscription");
    (Publisher { context, topic }, Subscriber(messages))
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let published = self.context.publish(self.topic, payload.into()).await;
        let stored = published.expect("the server takes it").await;
        stored.expect("the stream stores it");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let message = self.0.next().await.expect("the consumer is there");
        super::decode(&message.expect("the connection is up").payload)
    }
}
