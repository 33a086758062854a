//! Tests that need a broker.
//!
//! [`broker_test_main`] runs them: when the broker is not installed they count as ignored, loudly, and
//! with `CHOREO_SKIP=deny` they fail. The brokers themselves are [`choreo::broker`]'s.

mod proxy;
pub mod recording;
pub mod scenarios;
mod suite;

pub use choreo::broker::*;
pub use proxy::{Network, Proxy, by_another_address};
pub use suite::{BrokerTests, TestError, broker_test_main};

/// Stands in every credential of the workspace's tests. `cargo xtask test` looks for it in all that the
/// tests print: whoever prints it would print a user's password, too.
pub const SENTINEL: &str = "s3ntinel";
