#![doc = include_str!("../../docs/broker.md")]

#[cfg(feature = "containers")]
mod container;
mod given;
mod nats;
mod operator;
mod process;
mod provision;
#[cfg(feature = "containers")]
mod recipe;
mod redis;
mod resp;
pub mod tls;

pub use self::redis::{RedisServer, RedisServerBuilder};
pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use provision::{Broker, RunningBroker};
