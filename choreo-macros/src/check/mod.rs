//! What a well-formed model can still have wrong.

mod count;
mod envelope;
pub(crate) mod function;
mod literal;
mod message;
mod pattern;
mod regex;
mod reply;
pub(crate) mod topic;

pub(crate) use count::count;
pub(crate) use envelope::envelope;
pub(crate) use message::message;
pub(crate) use pattern::check as pattern;
pub(crate) use reply::reply;
