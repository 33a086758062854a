//! Holds the tests of the RabbitMQ transport against a real broker; see `tests/`.
