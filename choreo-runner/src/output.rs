//! What happens during a run, judged, for all that show or keep it.

use std::path::Path;
use std::time::Duration;

use crate::interrupt::Signal;
use crate::verdict::Verdict;

/// What happened. Tests are named by their place in the selection.
#[derive(Debug)]
pub(crate) enum Step {
    Started(usize),
    /// It has been running for [`LONG`](crate::run::LONG).
    Lingers(usize),
    Finished(usize, Box<Verdict>),
    /// The run was stopped; these tests had not ended.
    Interrupted(Signal, Vec<usize>),
}

/// Shows a run while it happens.
pub(crate) trait Output {
    /// The tests are about to start.
    fn begin(&mut self);

    /// Something happened.
    fn step(&mut self, step: &Step);

    /// The run has ended; `report` is what a reader opens to see more. Returns whether the run succeeded.
    fn end(&mut self, elapsed: Duration, report: Option<&Path>) -> bool;
}
