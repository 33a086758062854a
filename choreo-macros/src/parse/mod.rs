//! Tokens to model. Writes no tokens; after a mistake it goes on with the next element.

pub(crate) mod args;
pub(crate) mod cases;
mod closure;
mod count;
pub(crate) mod duration;
pub(crate) mod expect;
pub(crate) mod function;
mod group;
pub(crate) mod in_order;
pub(crate) mod message;
mod operand;
mod options;
pub(crate) mod pattern;
pub(crate) mod payload;
pub(crate) mod publish;
pub(crate) mod reply;
mod reply_options;
mod snapshot;
pub(crate) mod stage;
pub(crate) mod target;
mod topic;
mod typed;
mod words;
