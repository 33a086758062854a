//! The runtime, mostly without its macros: outcomes, routing, replies, and what is left behind.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod absence;
mod acts;
mod captures;
mod clock;
mod correlation;
mod counts;
mod deadlines;
mod envelope;
mod fail_fast;
mod guard;
mod hangs;
mod inline;
mod leaks;
mod outcomes;
mod replies;
mod requests;
mod routing;
mod running;
mod services;
mod sets;
mod slips;
mod stage;
mod stage_counts;
mod stage_ends;
mod support;
mod work;
