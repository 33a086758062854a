//! What the tests share.

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

pub(crate) use choreo_test_brokers::recording::{
    connect, delivery, events, eventually, message, refusal, works,
};
pub(crate) use choreo_test_brokers::{SENTINEL, TestError};

/// Creates a topic with a client that is not ours.
pub(crate) async fn create_topic(url: &str, topic: &str, partitions: i32) -> Result<(), TestError> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", url).create()?;
    let topic = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    for result in admin.create_topics([&topic], &AdminOptions::new()).await? {
        result.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    Ok(())
}

/// Deletes a topic with a client that is not ours.
pub(crate) async fn delete_topic(url: &str, topic: &str) -> Result<(), TestError> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", url).create()?;
    let options = AdminOptions::new();
    for result in admin.delete_topics(&[topic], &options).await? {
        result.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    Ok(())
}
