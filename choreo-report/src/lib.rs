//! The report of a Choreo run: its data, reading and writing it, and what it can be turned into.
//!
//! Whoever runs scenarios produces these values, whoever shows, stores or merges runs consumes
//! them. Nothing in this crate knows how a scenario is run.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a failed step fails the test")
)]

pub mod causes;
pub mod diff;
pub mod export;
pub mod folder;
#[cfg(feature = "html")]
pub mod html;
pub mod merge;
pub mod model;
mod omitted;
pub mod partial;
pub mod read;
pub mod redact;
pub mod schema;
pub mod write;
