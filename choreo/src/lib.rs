//! Tests for message-driven systems.

mod envelope;
pub mod matcher;
mod message;
mod safety;
pub mod transport;

pub use message::Message;
