//! The messages that satisfied one pattern.

use std::sync::Arc;

use super::{Limits, Opening};
use crate::codec::Incoming;
use crate::outcome::{AnyMessage, Cause, Moment, Violation};

/// Messages that are kept beyond those that are needed, where there is no upper limit.
pub(super) const KEPT_BEYOND: u64 = 1024;

/// A message that satisfied a pattern.
pub(super) struct Matched {
    pub(super) message: Option<AnyMessage>,
    pub(super) incoming: Arc<Incoming>,
    pub(super) moment: Moment,
}

/// The messages that satisfied one pattern.
#[derive(Default)]
pub(super) struct Matches {
    pub(super) first: Option<Matched>,
    pub(super) more: Vec<Matched>,
    pub(super) count: u64,
    /// When the last that is needed came.
    pub(super) needed: Option<Moment>,
    pub(super) last: Option<(Moment, Arc<Incoming>)>,
}

impl Matches {
    /// Takes a message, unless it breaks the limits.
    pub(super) fn add(
        &mut self,
        matched: Matched,
        limits: &Limits,
        opening: Option<Opening>,
    ) -> Option<Violation> {
        let moment = matched.moment;
        if limits.most.is_some_and(|most| self.count >= most) {
            let before = self.last.as_ref().map(|(last, _)| last.at);
            let start = before.or(opening.map(|opening| opening.after.at));
            let after = moment
                .at
                .saturating_duration_since(start.unwrap_or(moment.at));
            return Some(Violation {
                message: matched.incoming,
                cause: Cause::TooMany { after },
            });
        }
        let before = self.last.as_ref().map(|(_, before)| &**before);
        if let Some(disorder) = limits.disorder(before, &matched.incoming) {
            return Some(Violation {
                message: matched.incoming,
                cause: Cause::Disorder(disorder),
            });
        }
        self.count += 1;
        if self.count == limits.least {
            self.needed = Some(moment);
        }
        self.last = Some((moment, Arc::clone(&matched.incoming)));
        if self.first.is_none() {
            self.first = Some(matched);
        } else if limits.most.is_some() || self.count <= limits.least.saturating_add(KEPT_BEYOND) {
            self.more.push(matched);
        }
        None
    }
}
