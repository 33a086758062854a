//! What a well-formed model can still have wrong.

pub(crate) mod function;
pub(crate) mod topic;
