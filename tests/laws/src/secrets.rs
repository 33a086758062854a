//! The secrets of a process are the process's: laws about them take turns.

use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

/// Held while a law makes secrets, or looks for them.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    // A law that was broken left nothing behind that matters to the next.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
