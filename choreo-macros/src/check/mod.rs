//! What a well-formed model can still have wrong.

mod capture;
pub(crate) mod cases;
mod count;
mod envelope;
pub(crate) mod function;
mod literal;
mod message;
mod pattern;
mod regex;
mod reply;
mod time;
pub(crate) mod topic;
mod words;

pub(crate) use capture::{Refusal, check as capture};
pub(crate) use count::count;
pub(crate) use envelope::envelope;
pub(crate) use message::message;
pub(crate) use pattern::check as pattern;
pub(crate) use reply::reply;
pub(crate) use time::time;
