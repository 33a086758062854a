//! One expectation as a pure state machine: messages in, a verdict out. No clock, no task, no lock.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::codec::Incoming;
use crate::ids::Location;
use crate::matcher::envelope::{EnvelopePattern, joined};
use crate::matcher::{MessagePattern, Mismatch, Pattern, Subject, diff};
use crate::outcome::{AnyMessage, HandleData, NearMiss, Outcome};

/// Near misses that are kept for each handle: the closest ones.
const NEAR_MISSES: usize = 20;
/// A near miss above this size is kept without its payload.
const NEAR_MISS_PAYLOAD_BYTES: usize = 64 * 1024;

/// A pattern whose message type is forgotten.
pub(crate) trait DynPattern: Send + Sync {
    fn describe(&self) -> String;
    /// `None` stands for the decoded payload.
    fn check(&self, subject: Subject<'_>) -> Result<Option<AnyMessage>, Mismatch>;
    /// The pattern, if it captures something.
    fn capturing(&self) -> Option<Pattern>;
}

impl<P: MessagePattern> DynPattern for P {
    fn describe(&self) -> String {
        MessagePattern::describe(self)
    }

    fn check(&self, subject: Subject<'_>) -> Result<Option<AnyMessage>, Mismatch> {
        let message = self.check_kept(subject)?;
        Ok(message.map(|message| Box::new(message) as AnyMessage))
    }

    fn capturing(&self) -> Option<Pattern> {
        let pattern = self.as_pattern()?;
        (!pattern.captures().is_empty()).then(|| pattern.clone())
    }
}

/// What a pattern says of a message; a panicking matcher is an answer of its own.
pub(crate) enum Answer {
    /// Without a message it is the decoded payload.
    Match(Option<AnyMessage>),
    NearMiss(Mismatch),
    Panicked {
        matcher: String,
        message: String,
    },
}

/// A whole message as it must be: its payload, and what is around it.
pub(crate) struct Wanted {
    payload: Box<dyn DynPattern>,
    pub(crate) envelope: EnvelopePattern,
}

impl Wanted {
    pub(crate) fn new<P: MessagePattern>(payload: P, envelope: EnvelopePattern) -> Self {
        Self {
            payload: Box::new(payload),
            envelope,
        }
    }

    /// In words; a matcher that panics is named without them.
    pub(crate) fn describe(&self) -> String {
        let describe = || {
            let mut text = self.payload.describe();
            if !self.envelope.is_empty() {
                text.push_str(", ");
                text.push_str(&self.envelope.describe());
            }
            text
        };
        catch_unwind(AssertUnwindSafe(describe))
            .unwrap_or_else(|_| "a matcher that cannot describe itself".to_owned())
    }

    fn check(&self, message: &Incoming) -> Result<Option<AnyMessage>, Mismatch> {
        let envelope = message.envelope();
        let subject = Subject::message(message.decoded(), &envelope.payload);
        let payload = self.payload.check(subject);
        let around = self.envelope.differences(envelope);
        if around.is_empty() {
            return payload;
        }
        Err(joined(payload.err(), around, self.describe()))
    }
}

pub(crate) fn ask(wanted: &Wanted, message: &Incoming) -> Answer {
    match catch_unwind(AssertUnwindSafe(|| wanted.check(message))) {
        Ok(Ok(message)) => Answer::Match(message),
        Ok(Err(mismatch)) => Answer::NearMiss(mismatch),
        Err(panic) => Answer::Panicked {
            matcher: wanted.describe(),
            message: panic_message(&*panic),
        },
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// The closest near misses of a handle, bounded; all are counted.
#[derive(Debug, Default)]
pub(crate) struct NearMisses {
    kept: Vec<NearMiss>,
    total: u64,
}

impl NearMisses {
    pub(crate) fn add(&mut self, mismatch: Mismatch, message: &Arc<Incoming>) {
        self.total += 1;
        let envelope = message.envelope();
        let keep_payload = envelope.payload.len() <= NEAR_MISS_PAYLOAD_BYTES;
        let near_miss = NearMiss {
            score: diff::score(&mismatch),
            mismatch,
            received_at: envelope.received_at,
            topic: Arc::clone(&envelope.topic),
            size_bytes: envelope.payload.len(),
            message: keep_payload.then(|| message.undecoded()),
        };
        // Ordered by closeness; among equals the earlier one stays in front.
        let place = self
            .kept
            .partition_point(|other| other.score <= near_miss.score);
        if place < NEAR_MISSES {
            self.kept.truncate(NEAR_MISSES - 1);
            self.kept.insert(place, near_miss);
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn into_parts(self) -> (Vec<NearMiss>, u64) {
        (self.kept, self.total)
    }
}

struct Matched {
    message: Option<AnyMessage>,
    incoming: Arc<Incoming>,
}

enum State {
    Open,
    Matched(Matched),
    /// A matcher panicked.
    Failed(String),
}

/// What an offered message did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// The expectation was decided already.
    Ignored,
    Matched,
    NearMiss,
    /// The matcher panicked: the scenario ends as error.
    Failed(String),
}

/// What an expectation says besides its topic and the pattern of its payload.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) location: Location,
    /// The latency budget.
    pub(crate) within: Option<Duration>,
    /// The scenario and the number of the handle whose message starts the clock.
    pub(crate) since: Option<(u64, u32)>,
    pub(crate) envelope: EnvelopePattern,
}

pub(crate) struct Expectation {
    pub(crate) leg: u32,
    pub(crate) topic: Arc<str>,
    pub(crate) slot: u32,
    pub(crate) location: Location,
    pub(crate) budget: Option<Duration>,
    /// The handle whose message starts the clock; the trigger otherwise.
    pub(crate) since: Option<u32>,
    wanted: Wanted,
    report: fn(Arc<HandleData>, Option<AnyMessage>) -> AnyMessage,
    state: State,
    near_misses: NearMisses,
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

impl Expectation {
    pub(crate) fn new<P: MessagePattern>(
        leg: u32,
        topic: Arc<str>,
        slot: u32,
        pattern: P,
        terms: Terms,
        since: Option<u32>,
    ) -> Self {
        Self {
            leg,
            topic,
            slot,
            location: terms.location,
            budget: terms.within,
            since,
            wanted: Wanted::new(pattern, terms.envelope),
            report: crate::outcome::typed_report::<P::Message>,
            state: State::Open,
            near_misses: NearMisses::default(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(crate) fn matched_at(&self) -> Option<Instant> {
        match &self.state {
            State::Matched(matched) => Some(matched.incoming.envelope().received_at),
            _ => None,
        }
    }

    /// The number of messages that came and were wrong.
    pub(crate) fn near_miss_count(&self) -> u64 {
        self.near_misses.total()
    }

    pub(crate) fn offer(&mut self, message: &Arc<Incoming>) -> Offered {
        if !self.is_open() {
            return Offered::Ignored;
        }
        match ask(&self.wanted, message) {
            Answer::Match(matched) => {
                self.state = State::Matched(Matched {
                    message: matched,
                    incoming: Arc::clone(message),
                });
                Offered::Matched
            }
            Answer::NearMiss(mismatch) => {
                self.near_misses.add(mismatch, message);
                Offered::NearMiss
            }
            Answer::Panicked { matcher, message } => {
                let text = format!("the matcher `{matcher}` panicked: {message}");
                self.state = State::Failed(text.clone());
                Offered::Failed(text)
            }
        }
    }

    /// The end: what became of the expectation. `interrupted` tells that something else ended the
    /// scenario before its time was up.
    pub(crate) fn finish(
        self,
        anchor: Option<Anchor>,
        waited: Duration,
        interrupted: bool,
        traffic: crate::dispatch::TopicTraffic,
    ) -> (Arc<HandleData>, AnyMessage) {
        let (near_misses, attempts) = self.near_misses.into_parts();
        // A description costs as much as a match; only who failed needs it.
        let expected = matches!(self.state, State::Open).then(|| self.wanted.describe());
        let mut data = HandleData {
            leg: self.leg,
            topic: self.topic,
            expected,
            capturing: self.wanted.payload.capturing(),
            location: self.location,
            outcome: Outcome::Pass,
            latency: None,
            budget: self.budget,
            waited,
            interrupted: false,
            near_misses,
            near_miss_count: attempts,
            incoming: None,
            error: None,
            traffic,
        };
        let mut message = None;
        match self.state {
            State::Matched(matched) => {
                let received_at = matched.incoming.envelope().received_at;
                data.latency = anchor.map(|anchor| anchor.latency(received_at));
                let over = data
                    .latency
                    .zip(self.budget)
                    .is_some_and(|(took, may)| took > may);
                data.outcome = if over { Outcome::Slow } else { Outcome::Pass };
                data.incoming = Some(matched.incoming);
                message = matched.message;
            }
            State::Failed(error) => {
                data.outcome = Outcome::Error;
                data.error = Some(error);
            }
            State::Open => {
                data.interrupted = interrupted;
                data.outcome = if attempts > 0 {
                    Outcome::Fail
                } else {
                    Outcome::Timeout
                };
            }
        }
        let data = Arc::new(data);
        (Arc::clone(&data), (self.report)(data, message))
    }
}
