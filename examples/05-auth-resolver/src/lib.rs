//! Nothing but tests: see `tests/auth_resolver.rs`.
