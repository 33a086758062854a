//! Tests that need a broker.
//!
//! [`broker_test_main`] runs them: when the broker is not installed they count as ignored, loudly, and
//! with `CHOREO_SKIP=deny` they fail. The brokers themselves are [`choreo::broker`]'s.

mod proxy;
mod suite;

pub use choreo::broker::*;
pub use proxy::{Network, Proxy};
pub use suite::{BrokerTests, TestError, broker_test_main};
