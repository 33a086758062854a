//! Holds the tests of the Redis transports against a real server; see `tests/`.
