//! What a scenario leaves for the report: valid, with its causes and its causal edges. Each record is held against
//! the schemas of versions 1.4 and 1.3.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod acts;
mod numbers;
mod outcomes;
mod replies;
mod shapes;
mod stages;
mod support;
mod traffic;
