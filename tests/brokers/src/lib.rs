//! Private brokers for tests.
//!
//! Each broker listens on a free port of 127.0.0.1, keeps its data in a temporary directory, is ready
//! by protocol and not by time, and is killed by process id when its handle is dropped. Its log is
//! kept when the test that owns it panics.
//!
//! [`broker_test_main`] runs tests that need a broker: when it is not installed they count as ignored, loudly, and
//! with `CHOREO_SKIP=deny` they fail.

mod nats;
mod operator;
mod process;
mod suite;
pub mod tls;

pub use nats::{NatsServer, NatsServerBuilder, User};
pub use process::StartError;
pub use suite::{BrokerTests, TestError, broker_test_main};
