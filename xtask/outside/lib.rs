//! A user's crate, of which only the tests matter here.
