//! Redis Streams with `redis`: `XADD` on one connection, a blocking `XREAD` on another.

use std::collections::VecDeque;

use choreo::Value;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands as _, AsyncConnectionConfig, Client};

const FIELD: &str = "payload";

#[derive(Clone)]
pub(crate) struct Publisher {
    connection: MultiplexedConnection,
    topic: &'static str,
}

pub(crate) struct Subscriber {
    connection: MultiplexedConnection,
    topic: &'static str,
    after: String,
    read: VecDeque<Value>,
}

/// The stream is not there yet.
pub(crate) async fn connect(url: &str, topic: &'static str) -> (Publisher, Subscriber) {
    let client = Client::open(url).expect("a valid URL");
    let connection = client.get_multiplexed_async_connection().await;
    let connection = connection.expect("the server is up");
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let reading = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .expect("the server is up");
    let subscriber = Subscriber {
        connection: reading,
        topic,
        after: "0-0".to_owned(),
        read: VecDeque::new(),
    };
    (Publisher { connection, topic }, subscriber)
}

impl super::Publisher for Publisher {
    async fn publish(&self, payload: Vec<u8>) {
        let mut connection = self.connection.clone();
        let added = connection
            .xadd::<_, _, _, _, String>(self.topic, "*", &[(FIELD, payload)])
            .await;
        added.expect("the server takes it");
    }
}

impl super::Subscriber for Subscriber {
    async fn next(&mut self) -> Value {
        let options = StreamReadOptions::default().block(1000).count(256);
        loop {
            if let Some(value) = self.read.pop_front() {
                return value;
            }
            let reply: Option<StreamReadReply> = self
                .connection
                .xread_options(&[self.topic], &[&self.after], &options)
                .await
                .expect("the server answers");
            let entries = reply.into_iter().flat_map(|reply| reply.keys);
            for entry in entries.flat_map(|key| key.ids) {
                let payload: Vec<u8> = entry.get(FIELD).expect("it has a payload");
                self.read.push_back(super::decode(&payload));
                self.after = entry.id;
            }
        }
    }
}
