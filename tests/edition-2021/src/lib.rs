//! Nothing of its own: the test is that `tests/` compiles and passes.
