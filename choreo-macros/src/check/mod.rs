//! What a well-formed model can still have wrong.

pub(crate) mod cases;
mod envelope;
pub(crate) mod function;
mod literal;
mod message;
mod pattern;
mod regex;
pub(crate) mod topic;

pub(crate) use envelope::envelope;
pub(crate) use message::message;
pub(crate) use pattern::check as pattern;
