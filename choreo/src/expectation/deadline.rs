//! Expectations with a deadline of their own: what comes later cannot satisfy them, and is told.

use std::time::Instant;

use super::wanted::{Answer, Wanted, ask};
use super::{Demand, Expectation, Offered};
use crate::codec::Incoming;
use crate::outcome::{Late, Moment};

impl Expectation {
    /// A message that came when the time of the expectation was up. The first one that would have been right is
    /// remembered.
    pub(crate) fn offer_late(&mut self, message: &Incoming, arrival: u64, due: Instant) -> Offered {
        if self.late.is_some() || !self.misses(message) {
            return Offered::Ignored;
        }
        let at = message.envelope().received_at;
        self.late = Some(Late {
            by: at.saturating_duration_since(due),
            moment: Moment { at, arrival },
        });
        Offered::Late
    }

    /// Whether such a message is still missing. A matcher that panics here changes nothing: all is decided.
    fn misses(&self, message: &Incoming) -> bool {
        let fits = |wanted: &Wanted| matches!(ask(wanted, message), Answer::Match(_));
        self.is_open()
            && match &self.demand {
                Demand::One(wanted) | Demand::Count(wanted, _) => fits(wanted),
                Demand::Set(set) => set.unsatisfied().any(fits),
            }
    }
}
