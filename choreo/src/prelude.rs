//! What a test file needs: `use choreo::prelude::*;`.

pub use serde::{Deserialize, Serialize};

pub use crate::correlation::{
    FieldCorrelation, HeaderCorrelation, NoCorrelation, WithoutId, test_namespace,
};
pub use crate::harness::Harness;
pub use crate::outcome::{Handle, Outcome};
pub use crate::request;
pub use crate::scenario::Scenario;
pub use crate::stage::{CorrelationBridge, IdentityBridge, MappedBridge};
pub use crate::transport::Memory;
#[cfg(not(feature = "kafka"))]
pub use crate::transport::absent::without_kafka::Kafka;
#[cfg(not(feature = "nats"))]
pub use crate::transport::absent::without_nats::{JetStream, Nats, NatsAuth};
#[cfg(not(feature = "rabbitmq"))]
pub use crate::transport::absent::without_rabbitmq::Rabbit;
#[cfg(not(feature = "redis"))]
pub use crate::transport::absent::without_redis::{Redis, RedisStreams};
#[cfg(feature = "kafka")]
pub use crate::transport::kafka::{Kafka, KafkaAuth};
#[cfg(feature = "nats")]
pub use crate::transport::nats::{JetStream, Nats, NatsAuth};
#[cfg(feature = "rabbitmq")]
pub use crate::transport::rabbitmq::{Rabbit, RabbitAuth};
#[cfg(feature = "redis")]
pub use crate::transport::redis::{Redis, RedisAuth, RedisStreams};
pub use crate::{
    Error, Message, Result, Stage, begin, expect, in_order, json, never, pattern, publish, reply,
    settle,
};
