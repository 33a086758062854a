#![doc = include_str!("../../docs/broker.md")]

#[cfg(feature = "containers")]
mod container;
mod given;
mod guard;
#[cfg(feature = "kafka")]
mod kafka_mock;
mod kafka_server;
mod nats;
mod operator;
mod process;
mod provision;
mod rabbitmq;
#[cfg(feature = "containers")]
mod recipe;
mod redis;
mod resp;
pub mod tls;

pub use self::redis::{RedisServer, RedisServerBuilder};
#[cfg(feature = "kafka")]
pub use kafka_mock::KafkaMock;
#[doc(hidden)]
pub use kafka_server::{KafkaServer, KafkaServerBuilder};
pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use provision::{Broker, RunningBroker};
pub use rabbitmq::{RabbitServer, RabbitServerBuilder, RabbitUser};
