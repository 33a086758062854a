//! What time it is: tokio's clock, so that a test which has paused it (`start_paused`) finds deadlines, windows
//! and latencies to agree with its timers. It knows nobody who asks.

use std::time::Instant;

/// Now. Without a paused clock, and outside a runtime, that of the machine.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
