//! Builds and runs the projects in `fixtures/` as a user would: with `cargo test` and with
//! `cargo nextest run`, in processes of their own.
//!
//! The fixtures are copied out of the source tree first, so that cargo writes nothing into it, and
//! built with the workspace's own lock file, so that they resolve as the workspace does.
#![forbid(unsafe_code)]

mod command;
mod fixture;
mod trial;

pub use command::Ran;
pub use fixture::Fixture;
pub use trial::{Check, main};
