//! Tokens to model. Writes no tokens; after a mistake it goes on with the next element.

pub(crate) mod args;
pub(crate) mod duration;
pub(crate) mod function;
pub(crate) mod message;
pub(crate) mod payload;
pub(crate) mod publish;
pub(crate) mod target;
