//! Registers, selects and runs Choreo scenarios.
//!
//! A scenario is a [`Case`]; it needs a [`Resource`], such as a connection to a broker, that is
//! opened once for all of its scenarios. This crate knows neither brokers nor matchers: it sees
//! futures that end with a [`ScenarioRecord`].
#![forbid(unsafe_code)]

mod case;
mod panics;
mod resource;

pub use case::{BoxFuture, Case, RunContext, SlowPolicy};
pub use choreo_report::model::{HandleRecord, Outcome, ScenarioRecord};
pub use panics::{CaughtPanic, catch_panic};
pub use resource::{OpenError, Opened, Resource};
