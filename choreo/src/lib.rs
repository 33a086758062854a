#![doc = include_str!("../docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod act;
mod arguments;
#[cfg(feature = "broker")]
pub mod broker;
pub mod codec;
pub mod correlation;
mod dispatch;
mod envelope;
mod error;
mod expectation;
mod failure;
mod fixture;
mod harness;
mod ids;
#[macro_use]
mod macros;
pub mod matcher;
mod message;
mod outcome;
mod own_main;
pub mod prelude;
mod record;
mod reply;
pub mod report;
pub mod safety;
mod scenario;
pub mod secret;
pub mod stage;
mod text;
mod timeline;
pub mod transport;
mod value;

#[doc = include_str!("../docs/message.md")]
pub use choreo_macros::Message;
/// Makes a struct of harnesses the transports of a [`Stage`](struct@Stage); see [the module](mod@stage).
pub use choreo_macros::Stage;
#[doc = include_str!("../docs/harness.md")]
pub use choreo_macros::harness;
#[doc = include_str!("../docs/scenario.md")]
pub use choreo_macros::scenario;
/// Makes an `async fn` that returns a [`Stage`](struct@Stage) one that scenarios can name; see [the module](mod@stage).
pub use choreo_macros::stage;
pub use codec::Incoming;
pub use dispatch::{Surprise, SurpriseClass};
pub use envelope::{Body, Draft, Envelope, Headers, Metadata};
pub use error::{Error, ErrorKind, Result};
pub use harness::{Harness, HarnessBuilder};
pub use ids::CorrelationId;
pub use matcher::functions as matchers;
pub use message::Message;
pub use outcome::{
    Handle, HandleReport, NearMiss, Outcome, ReplyReport, ReplyState, ScenarioError,
    ScenarioErrorKind, ScenarioResult,
};
pub use scenario::{Arranging, Host, Scenario, ScenarioBuilder, Scope, Triggered};
pub use serde;
pub use serde_json::{self, Value, json};
pub use stage::{Stage, StageBuilder};
pub use timeline::{TimelineAction, TimelineEntry};
