//! What the scenarios of `tests/` run on and against: the settings, and the system under test.

mod hosts;
pub mod services;
mod settings;
mod system;
mod text;

pub use hosts::{on_both, on_memory, on_nats};
pub use settings::{One, Pair, PairBuilder, Two};
pub use system::{Asked, HandOn, System, TRIGGER, says};
pub use text::normalised;
