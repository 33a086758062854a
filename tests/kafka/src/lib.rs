//! Holds the tests of the Kafka transport; see `tests/` and the README.
