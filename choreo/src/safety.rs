//! Endpoints.

/// A host and a port that a transport may open a socket to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}
