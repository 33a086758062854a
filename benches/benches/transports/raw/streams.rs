//! Redis Streams with `redis`: `XADD` on one connection, and a blocking `XREAD` on another that always waits.

use choreo::Value;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands as _, AsyncConnectionConfig, Client};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

const FIELD: &str = "payload";

#[derive(Clone)]
pub(crate) struct Publisher {
    connection: MultiplexedConnection,
    topic: &'static str,
}

pub(crate) struct Subscriber {
    payloads: UnboundedReceiver<Vec<u8>>,
    /// Ends with the subscriber.
    _reader: JoinSet<()>,
}

/// The stream begins anew.
pub(crate) async fn connect(url: String, topic: &'static str) -> (Publisher, Subscriber) {
    let client = Client::open(url).expect("a valid URL");
    let connection = client.get_multiplexed_async_connection().await;
    let mut connection = connection.expect("the server is up");
    connection
        .del::<_, i64>(topic)
        .await
        .expect("the server answers");
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let reading = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .expect("the server is up");
    let (sender, payloads) = unbounded_channel();
    let mut reader = JoinSet::new();
    reader.spawn(read(reading, topic, sender));
    let subscriber = Subscriber {
        payloads,
        _reader: reader,
    };
    (Publisher { connection, topic }, subscriber)
}

async fn read(
    mut connection: MultiplexedConnection,
    topic: &'static str,
    sender: UnboundedSender<Vec<u8>>,
) {
    let options = StreamReadOptions::default().block(1000).count(256);
    let mut after = "0-0".to_owned();
    while !sender.is_closed() {
        let reply: Option<StreamReadReply> = connection
            .xread_options(&[topic], &[&after], &options)
            .await
            .expect("the server answers");
        let entries = reply.into_iter().flat_map(|reply| reply.keys);
        for entry in entries.flat_map(|key| key.ids) {
            let payload = entry.get(FIELD).expect("it has a payload");
            if sender.send(payload).is_err() {
                return;
            }
            after = entry.id;
        }
    }
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
        let payload = self.payloads.recv().await;
        super::decode(&payload.expect("the reader goes on"))
    }
}
