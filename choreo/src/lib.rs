//! Tests for message-driven systems.

mod envelope;
pub mod matcher;
mod message;
pub mod safety;
pub mod secret;
pub mod transport;
mod value;

pub use matcher::functions as matchers;
pub use message::Message;
