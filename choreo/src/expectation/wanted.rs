//! A message as it must be, and what a pattern says of one that came.

use choreo_runner::catch_panic_now;
use serde_json::Value;

use crate::codec::Incoming;
use crate::matcher::envelope::{EnvelopePattern, joined};
use crate::matcher::pattern::{Shape, Shaper, condition};
#[cfg(feature = "insta")]
use crate::matcher::snapshot::Snapshot;
use crate::matcher::{MessagePattern, Mismatch, Pattern, Subject};
use crate::outcome::{AnyMessage, Describe};

/// A pattern whose message type is forgotten.
pub(crate) trait DynPattern: Send + Sync {
    fn describe(&self) -> String;
    /// As data, if it is one of the pattern language.
    fn shape(&self, shaper: &mut Shaper) -> Option<Value>;
    /// `None` stands for the decoded payload.
    fn check(&self, subject: Subject<'_>) -> Result<Option<AnyMessage>, Mismatch>;
    /// The pattern, if it captures something.
    fn capturing(&self) -> Option<Pattern>;
    #[cfg(feature = "insta")]
    fn snapshot(&self) -> Option<&Snapshot>;
}

impl<P: MessagePattern> DynPattern for P {
    fn describe(&self) -> String {
        MessagePattern::describe(self)
    }

    fn shape(&self, shaper: &mut Shaper) -> Option<Value> {
        match self.as_pattern() {
            Some(pattern) => Some(shaper.pattern(pattern)),
            None => shaper.written(self.shape_text()?),
        }
    }

    fn check(&self, subject: Subject<'_>) -> Result<Option<AnyMessage>, Mismatch> {
        let message = self.check_kept(subject)?;
        Ok(message.map(|message| Box::new(message) as AnyMessage))
    }

    fn capturing(&self) -> Option<Pattern> {
        let pattern = self.as_pattern()?;
        (!pattern.captures().is_empty()).then(|| pattern.clone())
    }

    #[cfg(feature = "insta")]
    fn snapshot(&self) -> Option<&Snapshot> {
        self.as_snapshot()
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

    /// The pattern of the payload, if it captures something.
    pub(crate) fn capturing(&self) -> Option<Pattern> {
        self.payload.capturing()
    }

    /// The snapshot that the payload is compared with.
    #[cfg(feature = "insta")]
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.payload.snapshot()
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
        catch_panic_now(describe)
            .unwrap_or_else(|_| "a matcher that cannot describe itself".to_owned())
    }

    /// As data. What is not of the pattern language has none by itself, and is its description beside
    /// something that has.
    fn shape(&self, shaper: &mut Shaper) -> Option<Value> {
        let payload = self.payload.shape(shaper);
        if self.envelope.is_empty() {
            return payload;
        }
        let payload = payload.unwrap_or_else(|| shaper.opaque(&self.payload.describe()));
        Some(self.envelope.shape(payload, shaper))
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

impl Describe for Wanted {
    fn describe(&self) -> String {
        Self::describe(self)
    }

    fn shape(&self) -> Option<Shape> {
        shape_of(|shaper| Self::shape(self, shaper))
    }
}

impl Describe for Vec<Wanted> {
    fn describe(&self) -> String {
        let patterns: Vec<_> = self.iter().map(Wanted::describe).collect();
        format!("unordered [{}]", patterns.join(", "))
    }

    fn shape(&self) -> Option<Shape> {
        shape_of(|shaper| {
            let shapes = shaper.list(self, |shaper, wanted| {
                let shape = wanted.shape(shaper);
                shape.unwrap_or_else(|| shaper.opaque(&wanted.describe()))
            });
            Some(condition("unordered", shapes))
        })
    }
}

/// None of a matcher that panics when it describes itself.
fn shape_of(write: impl FnOnce(&mut Shaper) -> Option<Value>) -> Option<Shape> {
    catch_panic_now(|| Shape::written(write)).ok().flatten()
}

pub(crate) fn ask(wanted: &Wanted, message: &Incoming) -> Answer {
    match catch_panic_now(|| wanted.check(message)) {
        Ok(Ok(message)) => Answer::Match(message),
        Ok(Err(mismatch)) => Answer::NearMiss(mismatch),
        Err(panic) => Answer::Panicked {
            matcher: wanted.describe(),
            message: panic.message,
        },
    }
}
