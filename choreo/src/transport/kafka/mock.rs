//! librdkafka's mock cluster, which speaks the protocol on real sockets of this process.
//!
//! Its handle must stay on one thread, so it lives on one of its own, which takes orders.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::settings::words;

type Cluster = MockCluster<'static, DefaultProducerContext>;
type Order = Box<dyn FnOnce(&Cluster) + Send>;

/// All brokers of the cluster.
const ALL: i32 = -1;

/// A running mock cluster; ends when it is dropped.
pub(crate) struct Mock {
    brokers: String,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    pub(crate) fn start(brokers: u16) -> Result<Self, String> {
        let (started, start) = channel();
        let (orders, taken) = channel::<Order>();
        let thread = std::thread::Builder::new()
            .name("choreo-kafka-mock".into())
            .spawn(move || match Cluster::new(i32::from(brokers)) {
                Err(error) => drop(started.send(Err(words(&error)))),
                Ok(cluster) => {
                    drop(started.send(Ok(cluster.bootstrap_servers())));
                    for order in taken {
                        order(&cluster);
                    }
                }
            })
            .map_err(|error| error.to_string())?;
        let brokers = start
            .recv()
            .map_err(|_| "its thread has ended".to_owned())??;
        Ok(Self {
            brokers,
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Its brokers, as `host:port` with commas.
    pub(crate) fn brokers(&self) -> &str {
        &self.brokers
    }

    pub(crate) fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), String> {
        let topic = topic.to_owned();
        self.order(move |cluster| {
            cluster
                .create_topic(&topic, partitions, 1)
                .map_err(|error| words(&error))
        })
        .and_then(|result| result)
    }

    /// Ends every connection, and takes no new ones.
    pub(crate) fn down(&self) -> Result<(), String> {
        self.order(|cluster| cluster.broker_down(ALL).map_err(|error| words(&error)))
            .and_then(|result| result)
    }

    /// Undoes [`down`](Self::down).
    pub(crate) fn up(&self) -> Result<(), String> {
        self.order(|cluster| cluster.broker_up(ALL).map_err(|error| words(&error)))
            .and_then(|result| result)
    }

    /// Answers after so long: one broker, or all.
    pub(crate) fn delay(&self, broker: Option<u16>, delay: Duration) -> Result<(), String> {
        let broker = broker.map_or(ALL, i32::from);
        self.order(move |cluster| cluster.broker_round_trip_time(broker, delay))
            .and_then(|result| result.map_err(|error| words(&error)))
    }

    /// Makes a broker the leader of a partition.
    pub(crate) fn lead(&self, topic: &str, partition: i32, broker: u16) -> Result<(), String> {
        let topic = topic.to_owned();
        self.order(move |cluster| {
            cluster.partition_leader(&topic, partition, Some(i32::from(broker)))
        })
        .and_then(|result| result.map_err(|error| words(&error)))
    }

    /// Answers the next publishes with "message too large".
    pub(crate) fn refuse_as_too_large(&self, times: usize) -> Result<(), String> {
        self.order(move |cluster| {
            let errors = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; times];
            cluster.request_errors(RDKafkaApiKey::Produce, &errors);
        })
    }

    fn order<T: Send + 'static>(
        &self,
        order: impl FnOnce(&Cluster) -> T + Send + 'static,
    ) -> Result<T, String> {
        let gone = || "its thread has ended".to_owned();
        let (answer, answered) = channel();
        let orders = self.orders.as_ref().ok_or_else(gone)?;
        let order: Order = Box::new(move |cluster| drop(answer.send(order(cluster))));
        orders.send(order).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // Without a sender the thread ends, and the cluster with it.
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock")
            .field("brokers", &self.brokers)
            .finish_non_exhaustive()
    }
}
