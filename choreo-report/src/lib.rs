//! The record of a Choreo run, as plain data.
//!
//! Whoever runs scenarios produces these values, whoever shows, stores or merges runs consumes
//! them. Nothing in this crate knows how a scenario is run.
#![forbid(unsafe_code)]

pub mod model;
