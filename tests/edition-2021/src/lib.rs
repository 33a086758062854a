//! Nothing of its own: the scenarios and macros are in `tests/`.
