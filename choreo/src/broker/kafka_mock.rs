//! A Kafka cluster inside this process: the mock cluster of the client library.

use std::time::Duration;

use super::StartError;
use crate::transport::kafka::Mock;

/// librdkafka's mock cluster, on real sockets of 127.0.0.1; ends when it is dropped.
///
/// It starts in milliseconds and needs nothing installed; other processes can use it. It knows topics,
/// keys, headers and consumer groups, but neither users nor TLS, and it cannot be killed. Topics that are created on the way have four partitions.
#[derive(Debug)]
pub struct KafkaMock(Mock);

impl KafkaMock {
    /// Starts a cluster of one broker.
    ///
    /// # Errors
    ///
    /// When the client library cannot start it.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(1)
    }

    /// Starts a cluster of so many brokers.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with(brokers: u16) -> Result<Self, StartError> {
        Mock::start(brokers).map(Self).map_err(failed)
    }

    /// Its brokers, for [`Kafka::new`](crate::transport::kafka::Kafka::new): `127.0.0.1:PORT`, with commas
    /// between several.
    pub fn url(&self) -> String {
        self.0.brokers().to_owned()
    }

    /// Creates a topic.
    ///
    /// # Errors
    ///
    /// When the cluster refuses, as for a topic that exists.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), StartError> {
        self.0.create_topic(topic, partitions).map_err(failed)
    }

    /// Ends every connection and takes no new ones, as a network that is cut.
    ///
    /// # Errors
    ///
    /// When the cluster has ended.
    pub fn down(&self) -> Result<(), StartError> {
        self.0.down().map_err(failed)
    }

    /// Undoes [`down`](Self::down). Messages and topics are still there.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down).
    pub fn up(&self) -> Result<(), StartError> {
        self.0.up().map_err(failed)
    }

    /// Lets a broker, by its number from 1, or all of them answer after so long: slow ones, or ones that hang.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down), or when there is no such broker.
    pub fn delay(&self, broker: Option<u16>, delay: Duration) -> Result<(), StartError> {
        self.0.delay(broker, delay).map_err(failed)
    }

    /// Makes a broker, by its number from 1, the leader of a partition.
    ///
    /// # Errors
    ///
    /// When there is no such broker or partition.
    pub fn lead(&self, topic: &str, partition: i32, broker: u16) -> Result<(), StartError> {
        self.0.lead(topic, partition, broker).map_err(failed)
    }

    /// Refuses the next publishes as too large.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down).
    pub fn refuse_as_too_large(&self, times: usize) -> Result<(), StartError> {
        self.0.refuse_as_too_large(times).map_err(failed)
    }
}

fn failed(reason: String) -> StartError {
    StartError::NotReady {
        program: "the mock cluster of librdkafka",
        reason,
        log: String::new(),
    }
}
