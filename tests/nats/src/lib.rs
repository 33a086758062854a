//! Holds the tests of the NATS transport against a real server; see `tests/`.
