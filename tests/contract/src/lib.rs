//! What the suites over all transports share: the brokers behind one trait, and scenarios.

mod brokers;
mod meeting;
mod running;

pub use brokers::{
    JetStreamBroker, KafkaBroker, KafkaCluster, MemoryBroker, NatsBroker, RabbitBroker,
    RedisBroker, RedisStreamsBroker, TestBroker,
};
pub use meeting::{Met, meet};
pub use running::{in_words, is_skip, judge, skips_are_denied};
