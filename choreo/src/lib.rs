//! Tests for message-driven systems.

mod envelope;
pub mod matcher;
mod message;
mod safety;
pub mod transport;
mod value;

pub use matcher::functions as matchers;
pub use message::Message;
