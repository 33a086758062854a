//! What the scenarios of `tests/` run on and against: the settings, and the system under test.

pub mod services;
mod settings;
mod system;
mod text;

pub use settings::{One, Pair, PairBuilder, Two};
pub use system::{Asked, HandOn, System, TRIGGER, says};
pub use text::normalised;
