//! What a well-formed model can still have wrong.

mod literal;
mod pattern;
mod regex;

pub(crate) use pattern::check as pattern;
