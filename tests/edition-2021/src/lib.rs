//! Nothing of its own: the scenarios are in `tests/`.
