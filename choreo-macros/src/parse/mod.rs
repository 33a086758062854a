//! Tokens to model. Writes no tokens; after a mistake it goes on with the next element.

pub(crate) mod duration;
pub(crate) mod target;
