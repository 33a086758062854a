//! What a well-formed model can still have wrong.
