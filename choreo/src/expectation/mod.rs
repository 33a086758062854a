//! One expectation as a pure state machine: messages in, a verdict out. No clock, no task, no lock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::codec::Incoming;
use crate::ids::Location;
use crate::matcher::{MessagePattern, Pattern};
use crate::outcome::{
    AnyMessage, Cause, Deadline, Describe, HandleData, Late, Moment, Outcome, Tally, Violation,
    Wants,
};

pub use self::count::MessageCount;
pub(crate) use self::count::{DUPLICATE_WINDOW, Limits};
use self::matches::{Matched, Matches};
pub(crate) use self::near_misses::NearMisses;
pub(crate) use self::order::ArrivalOrder;
use self::set::{Set, Taken};
pub(crate) use self::terms::Terms;
pub(crate) use self::wanted::{Answer, Wanted, ask};

mod count;
mod deadline;
mod matches;
mod near_misses;
mod order;
mod set;
#[cfg(feature = "insta")]
mod snapshot;
mod terms;
#[cfg(test)]
mod tests;
mod wanted;

/// What must come.
enum Demand {
    /// One message; those after it are not looked at.
    One(Wanted),
    Count(Wanted, Limits),
    Set(Set),
}

/// How an expectation ended before its time.
enum End {
    /// A matcher panicked.
    Failed(String),
    Violated(Violation),
    /// A near miss came, and one is enough.
    FailedFast,
}

/// What an offered message did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// The expectation was decided already, or does not look at such messages.
    Ignored,
    Matched,
    NearMiss,
    /// It would have matched before the deadline.
    Late,
    /// A near miss, and one is enough: the scenario ends as fail.
    FailedFast,
    /// The message must not have come: the scenario ends as fail. Why, in words.
    Violated(&'static str),
    /// The matcher panicked: the scenario ends as error.
    Failed(String),
}

/// What an expectation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Messages are missing, or the window has not opened.
    Wanting,
    /// All are there, and no further one may come until then.
    QuietUntil(Instant),
    Decided,
}

/// When the window of an expectation that needs no message opens, and when it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Messages after it count.
    pub(crate) after: Moment,
    /// The window's time runs from here; not yet while the trigger is on its way.
    pub(crate) clock: Option<Instant>,
}

/// Makes the typed report of the first message and those after it.
type ReportOf = fn(Arc<HandleData>, Option<AnyMessage>, Vec<Option<AnyMessage>>) -> AnyMessage;

pub(crate) struct Expectation {
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    pub(crate) slot: u32,
    pub(crate) location: Location,
    pub(crate) budget: Option<Duration>,
    /// How long its messages may take at most.
    pub(crate) deadline: Option<Duration>,
    /// The handle whose message starts the clock; the trigger otherwise.
    pub(crate) since: Option<u32>,
    /// The first near miss decides it.
    fail_fast: bool,
    demand: Demand,
    report: ReportOf,
    matches: Matches,
    end: Option<End>,
    near_misses: NearMisses,
    /// The first message that would have matched before the deadline.
    late: Option<Late>,
}

/// From what instant the latency of a handle counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchor {
    /// When the message that starts the clock was on the wire, or received.
    pub(crate) at: Instant,
    /// When its sending began: the anchor of an answer that overtook the confirmation of the publish.
    pub(crate) earliest: Instant,
}

impl Anchor {
    fn latency(self, received_at: Instant) -> Duration {
        let anchor = if received_at >= self.at {
            self.at
        } else {
            self.earliest
        };
        received_at.saturating_duration_since(anchor)
    }
}

/// The end of an act, as its expectations see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    pub(crate) now: Instant,
    /// From the trigger to the end.
    pub(crate) waited: Duration,
    /// Something else ended the scenario before its time was up.
    pub(crate) interrupted: bool,
    /// A broker that the window rests on gave no sign of life after it: silence proves nothing.
    pub(crate) unheard: bool,
    /// Its own deadline had decided it before.
    pub(crate) missed: bool,
}

/// Where an expectation listens.
pub(crate) struct Listening {
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    pub(crate) slot: u32,
}

impl Expectation {
    pub(crate) fn new<P: MessagePattern>(
        on: Listening,
        pattern: P,
        mut terms: Terms,
        since: Option<u32>,
    ) -> Self {
        let limits = terms.limits();
        let wanted = Wanted::new(pattern, std::mem::take(&mut terms.envelope));
        let demand = match limits {
            None => Demand::One(wanted),
            Some(limits) => Demand::Count(wanted, limits),
        };
        let report = crate::outcome::typed_report::<P::Message>;
        #[cfg_attr(not(feature = "insta"), expect(unused_mut, reason = "for snapshots"))]
        let mut expectation = Self::with(on, demand, &terms, since, report);
        #[cfg(feature = "insta")]
        if expectation.snapshot().is_some() {
            expectation.near_misses = NearMisses::default().keeping_closest();
        }
        expectation
    }

    /// One that wants a message for each pattern.
    pub(crate) fn set(
        on: Listening,
        patterns: Vec<Pattern>,
        terms: &Terms,
        since: Option<u32>,
    ) -> Self {
        let wanted = patterns
            .into_iter()
            .map(|pattern| Wanted::new(pattern, terms.envelope.clone()));
        let demand = Demand::Set(Set::new(wanted.collect()));
        let report = crate::outcome::typed_report::<serde_json::Value>;
        Self::with(on, demand, terms, since, report)
    }

    fn with(
        on: Listening,
        demand: Demand,
        terms: &Terms,
        since: Option<u32>,
        report: ReportOf,
    ) -> Self {
        Self {
            leg: on.leg,
            topic: on.topic,
            slot: on.slot,
            location: terms.location,
            budget: terms.within,
            deadline: terms.deadline,
            fail_fast: terms.fail_fast,
            since,
            demand,
            report,
            matches: Matches::default(),
            end: None,
            near_misses: NearMisses::default(),
            late: None,
        }
    }

    /// Whether the message that would start another's clock never comes.
    pub(crate) fn forbids(&self) -> bool {
        matches!(&self.demand, Demand::Count(_, limits) if limits.forbids())
    }

    /// Whether it must know when its window opens.
    pub(crate) fn needs_opening(&self) -> bool {
        matches!(&self.demand, Demand::Count(_, limits) if limits.least == 0)
    }

    /// Messages are missing.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none()
            && match &self.demand {
                Demand::One(_) => self.matches.first.is_none(),
                Demand::Count(_, limits) => self.matches.count < limits.least,
                Demand::Set(set) => !set.is_complete(),
            }
    }

    pub(crate) fn standing(&self, opening: Option<Opening>) -> Standing {
        if self.end.is_some() {
            return Standing::Decided;
        }
        if self.is_open() {
            return Standing::Wanting;
        }
        let Demand::Count(_, limits) = &self.demand else {
            return Standing::Decided;
        };
        let start = if limits.least == 0 {
            opening.and_then(|opening| opening.clock)
        } else {
            self.matches.needed.map(|needed| needed.at)
        };
        match start {
            None => Standing::Wanting,
            Some(_) if limits.quiet.is_zero() => Standing::Decided,
            Some(start) => Standing::QuietUntil(start + limits.quiet),
        }
    }

    /// Whether a message in its window could break it: that none came is part of its verdict.
    pub(crate) fn trusts_silence(&self) -> bool {
        matches!(&self.demand, Demand::Count(_, limits) if limits.trusts_silence())
    }

    /// The end of its window, when the window is open or was.
    pub(crate) fn quiet_until(&self, opening: Option<Opening>) -> Option<Instant> {
        match self.standing(opening) {
            Standing::QuietUntil(until) => Some(until),
            Standing::Wanting | Standing::Decided => None,
        }
    }

    /// When the message came that satisfied it, of several the last that was needed.
    pub(crate) fn satisfied_at(&self) -> Option<Moment> {
        match &self.demand {
            Demand::Set(set) if set.is_complete() => set.span().map(|(_, last)| last),
            Demand::Set(_) => None,
            Demand::One(_) | Demand::Count(..) => self.matches.needed,
        }
    }

    /// When its first and its last message came.
    pub(crate) fn span(&self) -> Option<(Moment, Moment)> {
        if let Demand::Set(set) = &self.demand {
            return set.span();
        }
        let first = self.matches.first.as_ref()?.moment;
        let last = self.matches.last.as_ref().map_or(first, |(last, _)| *last);
        Some((first, last))
    }

    /// The pattern, if it captures something.
    fn capturing(&self) -> Option<Pattern> {
        match &self.demand {
            Demand::One(wanted) | Demand::Count(wanted, _) => wanted.capturing(),
            Demand::Set(_) => None,
        }
    }

    /// What has come so far, in words.
    pub(crate) fn progress(&self) -> String {
        let matched = match &self.demand {
            Demand::Set(set) => set.count(),
            Demand::One(_) | Demand::Count(..) => self.matches.count,
        };
        match (matched, self.near_misses.total()) {
            (0, 0) => "nothing came".to_owned(),
            (0, count) => format!("{count} came, none matched"),
            (matched, _) => format!("{matched} came, not enough"),
        }
    }

    /// No message at all came for it.
    pub(crate) fn is_untouched(&self) -> bool {
        let matched = match &self.demand {
            Demand::Set(set) => set.count(),
            Demand::One(_) | Demand::Count(..) => self.matches.count,
        };
        matched == 0 && self.near_misses.total() == 0
    }

    /// `opening` is known where [`needs_opening`](Self::needs_opening) says so and the window is open.
    pub(crate) fn offer(
        &mut self,
        message: &Arc<Incoming>,
        arrival: u64,
        opening: Option<Opening>,
    ) -> Offered {
        if self.end.is_some() {
            return Offered::Ignored;
        }
        let moment = Moment {
            at: message.envelope().received_at,
            arrival,
        };
        let offered = match &mut self.demand {
            Demand::One(_) if self.matches.first.is_some() => return Offered::Ignored,
            Demand::One(wanted) => match ask(wanted, message) {
                Answer::Match(matched) => {
                    self.matches.needed = Some(moment);
                    self.matches.count = 1;
                    self.matches.first = Some(Matched {
                        message: matched,
                        incoming: Arc::clone(message),
                        moment,
                    });
                    return Offered::Matched;
                }
                Answer::NearMiss(mismatch) => {
                    self.near_misses.add(mismatch, message, arrival);
                    return self.near_miss();
                }
                Answer::Panicked { matcher, message } => Err((matcher, message)),
            },
            Demand::Count(wanted, limits) => {
                if limits.least == 0 && !is_within(opening, limits.quiet, moment) {
                    return Offered::Ignored;
                }
                match ask(wanted, message) {
                    Answer::Match(matched) => {
                        let matched = Matched {
                            message: matched,
                            incoming: Arc::clone(message),
                            moment,
                        };
                        Ok(self.matches.add(matched, limits, opening))
                    }
                    Answer::NearMiss(_) if self.matches.count >= limits.least => {
                        return Offered::Ignored;
                    }
                    Answer::NearMiss(mismatch) => {
                        self.near_misses.add(mismatch, message, arrival);
                        return self.near_miss();
                    }
                    Answer::Panicked { matcher, message } => Err((matcher, message)),
                }
            }
            Demand::Set(set) if set.is_complete() => return Offered::Ignored,
            Demand::Set(set) => match set.offer(message, moment, &mut self.near_misses) {
                Taken::Matched => return Offered::Matched,
                Taken::Surplus => return Offered::Ignored,
                Taken::NearMiss => return self.near_miss(),
                Taken::Panicked { matcher, message } => Err((matcher, message)),
            },
        };
        match offered {
            Ok(None) => Offered::Matched,
            Ok(Some(violation)) => {
                let why = match violation.cause {
                    Cause::TooMany { .. } if self.forbids() => "must not come",
                    Cause::TooMany { .. } => "one too many",
                    Cause::Disorder(_) => "out of order",
                };
                self.end = Some(End::Violated(violation));
                Offered::Violated(why)
            }
            Err((matcher, message)) => {
                let text = format!("the matcher `{matcher}` panicked: {message}");
                self.end = Some(End::Failed(text.clone()));
                Offered::Failed(text)
            }
        }
    }

    /// A near miss was added.
    fn near_miss(&mut self) -> Offered {
        if !self.fail_fast {
            return Offered::NearMiss;
        }
        self.end = Some(End::FailedFast);
        Offered::FailedFast
    }

    /// The end: what became of the expectation.
    pub(crate) fn finish(
        self,
        anchor: Option<Anchor>,
        opening: Option<Opening>,
        closing: Closing,
        traffic: crate::dispatch::TopicTraffic,
    ) -> (Arc<HandleData>, AnyMessage) {
        let standing = self.standing(opening);
        let satisfied_at = self.satisfied_at();
        let span = self.span();
        let capturing = self.capturing();
        #[cfg(feature = "insta")]
        let review = self.snapshot().and_then(|snapshot| snapshot.reviewed());
        let (near_misses, attempts) = self.near_misses.into_parts();
        let failed = matches!(self.end, Some(End::Violated(_) | End::FailedFast));
        let is_open = self.end.is_none() && standing == Standing::Wanting;
        let (expected, pattern, mut first, more, mut tally) =
            take_apart(self.demand, self.matches, is_open || failed);
        let deadline = self.deadline.map(|after| Deadline {
            after,
            missed: closing.missed,
            late: self.late,
        });
        let mut data = HandleData {
            leg: self.leg,
            topic: self.topic,
            expected,
            pattern,
            capturing,
            location: self.location,
            since: self.since,
            outcome: Outcome::Pass,
            satisfied_at,
            span,
            latency: None,
            budget: self.budget,
            deadline,
            waited: match deadline {
                Some(deadline) if closing.missed => deadline.after,
                _ => closing.waited,
            },
            interrupted: false,
            near_misses,
            near_miss_count: attempts,
            incoming: None,
            tally: None,
            failed_fast: false,
            error: None,
            note: None,
            traffic,
        };
        let quiet_ran = match standing {
            Standing::QuietUntil(until) => closing.now >= until && !closing.unheard,
            Standing::Wanting | Standing::Decided => true,
        };
        let needs_message = tally.as_ref().is_none_or(|tally| tally.needs_message());
        match self.end {
            Some(End::Failed(error)) => {
                data.outcome = Outcome::Error;
                data.error = Some(error);
            }
            Some(End::FailedFast) => {
                data.outcome = Outcome::Fail;
                data.failed_fast = true;
            }
            Some(End::Violated(violation)) => {
                data.outcome = Outcome::Fail;
                if let Some(tally) = &mut tally {
                    tally.violation = Some(violation);
                }
            }
            // Nobody can tell what would have come in the rest of the window.
            None if !needs_message && (is_open || !quiet_ran) || closing.unheard && !quiet_ran => {
                data.interrupted = true;
                data.outcome = Outcome::Timeout;
                if let Some(tally) = &mut tally {
                    tally.unheard = closing.unheard && !is_open;
                }
            }
            None if is_open => {
                data.interrupted = closing.interrupted && !closing.missed;
                data.outcome = if attempts > 0 || first.is_some() {
                    Outcome::Fail
                } else {
                    Outcome::Timeout
                };
            }
            None => {
                data.latency = anchor
                    .zip(satisfied_at)
                    .map(|(anchor, came)| anchor.latency(came.at));
                data.outcome = data.by_budget();
            }
        }
        #[cfg(feature = "insta")]
        if let Some(review) = review {
            let taken = snapshot::apply(review, &mut data, tally.is_none(), anchor);
            first = first.or(taken);
        }
        let message = first.as_mut().and_then(|first| first.message.take());
        data.incoming = first.map(|first| first.incoming);
        let mut messages = Vec::new();
        if let Some(tally) = &mut tally {
            for matched in more {
                tally.more.push(matched.incoming);
                messages.push(matched.message);
            }
        }
        data.tally = tally;
        let data = Arc::new(data);
        (Arc::clone(&data), (self.report)(data, message, messages))
    }
}

/// Whether a message lies in the window of an expectation that needs none.
fn is_within(opening: Option<Opening>, quiet: Duration, moment: Moment) -> bool {
    opening.is_some_and(|Opening { after, clock }| {
        moment > after && clock.is_none_or(|start| moment.at <= start + quiet)
    })
}

type Parts = (
    Option<String>,
    Box<dyn Describe>,
    Option<Matched>,
    Vec<Matched>,
    Option<Box<Tally>>,
);

/// The pattern in words, the messages, and the numbers. A description costs as much as a match; only who
/// failed needs it.
fn take_apart(demand: Demand, matches: Matches, describe: bool) -> Parts {
    match demand {
        Demand::One(wanted) => {
            let expected = describe.then(|| wanted.describe());
            (expected, Box::new(wanted), matches.first, Vec::new(), None)
        }
        Demand::Count(wanted, limits) => {
            let wants = Wants::Count {
                least: limits.least,
                most: limits.most,
            };
            let expected = describe.then(|| wanted.describe());
            let tally = Tally::new(wants, limits.quiet, matches.count);
            let pattern = Box::new(wanted);
            (expected, pattern, matches.first, matches.more, Some(tally))
        }
        Demand::Set(set) => {
            let missing = if describe { set.missing() } else { Vec::new() };
            let wants = Wants::Set {
                size: set.size(),
                missing,
            };
            let tally = Tally::new(wants, Duration::ZERO, set.count());
            let (messages, patterns) = set.into_parts();
            let mut messages = messages.into_iter();
            let pattern = Box::new(patterns);
            (
                None,
                pattern,
                messages.next(),
                messages.collect(),
                Some(tally),
            )
        }
    }
}
