//! Private brokers for tests: started on a free port of 127.0.0.1, stopped by process id.
//!
//! Each broker keeps its data in a temporary directory, is ready by protocol and not by time, and is
//! killed when its handle is dropped. Its log is kept when the test that owns it panics.

mod nats;
mod operator;
mod process;
mod redis;
mod resp;
mod rabbitmq;
pub mod tls;

pub use self::redis::{RedisServer, RedisServerBuilder};
pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use rabbitmq::{RabbitServer, RabbitServerBuilder, RabbitUser};
