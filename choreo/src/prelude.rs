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
#[cfg(feature = "nats")]
pub use crate::transport::nats::{JetStream, Nats, NatsAuth};
pub use crate::{
    Error, Message, Result, Stage, begin, expect, json, next_act, pattern, publish, reply, settle,
};
