//! Tests for message-driven systems.

mod envelope;
pub mod matcher;
mod message;
pub mod safety;
pub mod secret;
pub mod transport;

pub use message::Message;
