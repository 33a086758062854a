#![doc = include_str!("../../docs/broker.md")]

mod given;
mod nats;
mod operator;
mod process;
mod provision;
pub mod tls;

pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use provision::{Broker, RunningBroker};
