//! Nothing but tests: see `tests/transport_auth.rs`.
