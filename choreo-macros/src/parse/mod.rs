//! Tokens to model. Writes no tokens; after a mistake it goes on with the next element.

pub(crate) mod duration;
pub(crate) mod expect;
mod group;
mod operand;
mod options;
pub(crate) mod pattern;
pub(crate) mod target;
mod topic;
mod typed;
