//! Private brokers for tests: started on a free port of 127.0.0.1, stopped by process id.
//!
//! Each broker keeps its data in a temporary directory, is ready by protocol and not by time, and is
//! killed when its handle is dropped. Its log is kept when the test that owns it panics.

#[cfg(feature = "kafka")]
mod kafka_mock;
mod kafka_server;
mod nats;
mod operator;
mod process;
mod rabbitmq;
mod redis;
mod resp;
pub mod tls;

pub use self::redis::{RedisServer, RedisServerBuilder};
#[cfg(feature = "kafka")]
pub use kafka_mock::KafkaMock;
pub use kafka_server::{KafkaServer, KafkaServerBuilder};
pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use rabbitmq::{RabbitServer, RabbitServerBuilder, RabbitUser};
