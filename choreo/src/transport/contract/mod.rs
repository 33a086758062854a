//! One suite that any transport can run, yours included: does it keep its promises?
//!
//! Describe the broker as a [`Subject`] and give it to [`main()`], in a test target with `harness = false`,
//! or run the [`cases`] under a runner of your own. Every case works on topics of its own, bounds each of
//! its waits, and says in its [`Violation`] which promise was broken and what happened instead. What a
//! transport cannot do by its [`Capabilities`](super::Capabilities) is
//! [not applicable](Verdict::NotApplicable), and shown as such: never a silent pass.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use choreo::transport::Memory;
//! use choreo::transport::contract::{self, Subject};
//!
//! struct InMemory(Memory);
//!
//! impl Subject for InMemory {
//!     type Transport = Memory;
//!
//!     fn transport(&self) -> Memory {
//!         self.0.clone()
//!     }
//!
//!     async fn subscriptions(&self) -> Option<usize> {
//!         Some(self.0.subscription_count().await)
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     contract::main(|_case| InMemory(Memory::new()))
//! }
//! ```
//!
//! It knows transports by their traits only.

mod case;
mod connection;
mod isolation;
mod messages;
mod peer;
mod publishing;
mod requests;
mod restart;
mod runner;
mod scenarios;
mod subject;
mod subscriptions;
#[cfg(test)]
mod tests;

pub use case::{Case, Verdict, Violation, cases};
pub use runner::main;
pub use subject::{Subject, Wildcard};
