//! Replies: the test plays a service that answers.

use std::any::type_name;
use std::sync::Arc;

use choreo_runner::{BoxFuture, catch_panic};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::Incoming;
use crate::envelope::Body;
use crate::expectation::{Answer, NearMisses, Wanted, ask};
use crate::ids::{LegIndex, Location};
use crate::matcher::envelope::EnvelopePattern;
use crate::matcher::{MessagePattern, Pattern};
use crate::message::Message;
use crate::outcome::{LegInfo, ReplyReport, ReplyState};

/// A payload for the wire, or why there is none.
pub type BodyResult = Result<Body, String>;

/// What a reply answers, its message type forgotten.
pub struct ErasedPattern(Wanted);

impl std::fmt::Debug for ErasedPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ErasedPattern")
    }
}

/// Forgets the message type of a pattern.
pub fn erase<M: MessagePattern>(pattern: M) -> ErasedPattern {
    ErasedPattern(Wanted::new(pattern, EnvelopePattern::default()))
}

impl ErasedPattern {
    /// With conditions on the headers, an object pattern.
    #[must_use]
    pub fn headers(mut self, pattern: Pattern) -> Self {
        self.0.envelope.headers = Some(pattern);
        self
    }

    /// With a condition on the key.
    #[must_use]
    pub fn key(mut self, pattern: Pattern) -> Self {
        self.0.envelope.key = Some(pattern);
        self
    }

    /// With conditions on the metadata, an object pattern.
    #[must_use]
    pub fn metadata(mut self, pattern: Pattern) -> Self {
        self.0.envelope.metadata = Some(pattern);
        self
    }

    pub(crate) fn envelope(&self) -> &EnvelopePattern {
        &self.0.envelope
    }
}

type Build = dyn Fn(Arc<Incoming>) -> BoxFuture<'static, Result<Body, String>> + Send + Sync;

/// Makes the payload of a reply.
#[derive(Clone)]
pub struct ReplyBuilder(Arc<Build>);

impl ReplyBuilder {
    pub(crate) fn build(&self, trigger: Arc<Incoming>) -> BoxFuture<'static, Result<Body, String>> {
        (self.0)(trigger)
    }
}

impl std::fmt::Debug for ReplyBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyBuilder")
    }
}

/// What a reply's closure may return: a payload, or a `Result` with one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a reply",
    label = "this closure's value is not a payload",
    note = "a reply's closure returns a value that implements `serde::Serialize`, or a `Result` of one whose error implements `std::error::Error`"
)]
pub trait IntoReply<K> {
    /// The payload, or the name of the error's type: its text may hold payload.
    fn into_reply(self) -> Result<Body, String>;
}

/// Marks replies that cannot fail.
#[derive(Debug)]
pub enum Plain {}

/// Marks replies that can fail.
#[derive(Debug)]
pub enum Fallible {}

impl<R: Serialize> IntoReply<Plain> for R {
    fn into_reply(self) -> Result<Body, String> {
        serde_json::to_value(self)
            .map(Body::Value)
            .map_err(|_| "serde_json::Error".to_owned())
    }
}

impl<R: Serialize, E: std::error::Error> IntoReply<Fallible> for Result<R, E> {
    fn into_reply(self) -> Result<Body, String> {
        match self {
            Ok(reply) => IntoReply::<Plain>::into_reply(reply),
            Err(_) => Err(type_name::<E>().to_owned()),
        }
    }
}

fn parse<A: DeserializeOwned>(message: &Incoming) -> Result<A, String> {
    let value = message
        .decoded()
        .map_err(|_| "the trigger does not decode".to_owned())?;
    A::deserialize(value).map_err(|_| format!("the trigger is not a {}", type_name::<A>()))
}

/// The same payload every time.
pub fn reply_static(body: BodyResult) -> ReplyBuilder {
    ReplyBuilder(Arc::new(move |_| {
        Box::pin(std::future::ready(body.clone()))
    }))
}

/// The message type that a reply's closure takes, with how to decode it.
///
/// Apart from the closure, so that the compiler reports a type that cannot be decoded at the type,
/// and an answer that cannot be sent at the answer.
#[derive(Debug)]
pub struct Decoded<A> {
    decode: fn(&Incoming) -> Result<A, String>,
}

/// For messages that decode into `A`.
pub fn decoded<A: DeserializeOwned>() -> Decoded<A> {
    Decoded { decode: parse::<A> }
}

impl<A: 'static> Decoded<A> {
    /// A payload computed from the trigger.
    pub fn compute<R, K, F>(self, build: F) -> ReplyBuilder
    where
        R: IntoReply<K>,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        ReplyBuilder(Arc::new(move |message| {
            let built =
                std::panic::AssertUnwindSafe(|| build((self.decode)(&message)?).into_reply());
            let built = std::panic::catch_unwind(built).unwrap_or_else(|_| Err("panic".to_owned()));
            Box::pin(std::future::ready(built))
        }))
    }

    /// A payload computed from the trigger, with time to wait.
    pub fn compute_async<R, K, F, Fut>(self, build: F) -> ReplyBuilder
    where
        R: IntoReply<K>,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        ReplyBuilder(Arc::new(move |message| {
            let built = std::panic::AssertUnwindSafe(|| (self.decode)(&message).map(&build));
            let future =
                std::panic::catch_unwind(built).unwrap_or_else(|_| Err("panic".to_owned()));
            Box::pin(async move {
                match catch_panic(future?).await {
                    Ok(reply) => reply.into_reply(),
                    Err(_) => Err("panic".to_owned()),
                }
            })
        }))
    }
}

/// The first half of a reply with both topics from its types.
#[derive(Debug)]
pub struct TypedTrigger<A> {
    trigger: ReplyTrigger,
    decoded: Decoded<A>,
}

/// Answers messages of type `A`.
pub fn typed_trigger<A: Message + DeserializeOwned>(
    file: &'static str,
    line: u32,
    pattern: Option<ErasedPattern>,
) -> TypedTrigger<A> {
    TypedTrigger {
        trigger: ReplyRule::on(file, line, A::TOPIC, pattern),
        decoded: decoded(),
    }
}

impl<A: 'static> TypedTrigger<A> {
    /// With messages of type `R`.
    pub fn answer<R, F>(self, build: F) -> ReplyRule
    where
        R: Message + Serialize,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        let builder = self.decoded.compute::<R, Plain, F>(build);
        self.trigger.answer(R::TOPIC, builder)
    }

    /// With messages of type `R`, and time to wait.
    pub fn answer_async<R, F, Fut>(self, build: F) -> ReplyRule
    where
        R: Message + Serialize,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let builder = self.decoded.compute_async::<R, Plain, F, Fut>(build);
        self.trigger.answer(R::TOPIC, builder)
    }
}

/// A reply as `reply!` describes it.
#[derive(Debug)]
pub struct ReplyRule {
    pub(crate) location: Location,
    pub(crate) trigger: String,
    pub(crate) answer: Answered,
    pub(crate) pattern: Option<ErasedPattern>,
    builder: ReplyBuilder,
    times: u32,
    /// On which transport of a stage it answers; on the trigger's otherwise.
    pub(crate) answer_leg: Option<LegIndex>,
}

impl ReplyRule {
    /// Answers on another transport of the stage than the trigger's.
    #[must_use]
    pub fn answer_on(mut self, leg: LegIndex) -> Self {
        self.answer_leg = Some(leg);
        self
    }

    /// What it answers.
    pub fn on(
        file: &'static str,
        line: u32,
        topic: impl Into<String>,
        pattern: Option<ErasedPattern>,
    ) -> ReplyTrigger {
        let location = Location { file, line };
        ReplyTrigger {
            location,
            trigger: topic.into(),
            pattern,
        }
    }

    /// How often it answers; once otherwise.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// To a topic.
    Topic(String),
    /// To whoever asked: the reply address of the trigger.
    Asker,
}

impl Answered {
    /// As the user wrote it.
    fn as_str(&self) -> &str {
        match self {
            Self::Topic(topic) => topic,
            Self::Asker => "_",
        }
    }
}

/// A reply that still lacks its answer.
#[derive(Debug)]
pub struct ReplyTrigger {
    location: Location,
    trigger: String,
    pattern: Option<ErasedPattern>,
}

impl ReplyTrigger {
    /// Where the answer goes, and what it is.
    pub fn answer(self, topic: impl Into<String>, builder: ReplyBuilder) -> ReplyRule {
        self.with(Answered::Topic(topic.into()), builder)
    }

    /// What whoever asked gets.
    pub fn answer_asker(self, builder: ReplyBuilder) -> ReplyRule {
        self.with(Answered::Asker, builder)
    }

    fn with(self, answer: Answered, builder: ReplyBuilder) -> ReplyRule {
        ReplyRule {
            location: self.location,
            trigger: self.trigger,
            answer,
            pattern: self.pattern,
            builder,
            times: 1,
            answer_leg: None,
        }
    }
}

/// A registered reply.
pub(crate) struct Reply {
    pub(crate) slot: u32,
    pub(crate) trigger_leg: u32,
    pub(crate) answer_leg: u32,
    rule: ReplyRule,
    left: u32,
    candidates: u64,
    in_flight: u32,
    sent: u32,
    failed: Option<String>,
    near_misses: NearMisses,
}

/// What a trigger made a reply do.
pub(crate) enum Triggered {
    Ignored,
    NearMiss,
    /// Build with this and send.
    Answer(ReplyBuilder),
    Panicked(String),
}

impl Reply {
    pub(crate) fn new(leg: u32, slot: u32, rule: ReplyRule) -> Self {
        let left = rule.times;
        Self {
            slot,
            trigger_leg: leg,
            answer_leg: rule.answer_leg.map_or(leg, |leg| leg.0),
            rule,
            left,
            candidates: 0,
            in_flight: 0,
            sent: 0,
            failed: None,
            near_misses: NearMisses::default(),
        }
    }

    pub(crate) fn answered(&self) -> &Answered {
        &self.rule.answer
    }

    pub(crate) fn trigger(&mut self, message: &Arc<Incoming>) -> Triggered {
        self.candidates += 1;
        if self.left == 0 {
            return Triggered::Ignored;
        }
        match self
            .rule
            .pattern
            .as_ref()
            .map(|pattern| ask(&pattern.0, message))
        {
            None | Some(Answer::Match(_)) => {
                self.left -= 1;
                self.in_flight += 1;
                Triggered::Answer(self.rule.builder.clone())
            }
            Some(Answer::NearMiss(mismatch)) => {
                self.near_misses.add(mismatch, message);
                Triggered::NearMiss
            }
            Some(Answer::Panicked { matcher, message }) => Triggered::Panicked(format!(
                "the matcher `{matcher}` of a reply panicked: {message}"
            )),
        }
    }

    pub(crate) fn done(&mut self, result: Result<(), String>) {
        self.in_flight -= 1;
        match result {
            Ok(()) => self.sent += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight > 0
    }

    /// No trigger has come.
    pub(crate) fn is_untouched(&self) -> bool {
        self.candidates == 0
    }

    /// Has answered as often as it will.
    pub(crate) fn is_finished(&self) -> bool {
        self.left == 0 && self.in_flight == 0
    }

    pub(crate) fn finish(self, legs: &[Arc<LegInfo>]) -> ReplyReport {
        let label = |leg: u32| legs.get(leg as usize).and_then(|leg| leg.label.clone());
        let state = match self.failed {
            Some(error) => ReplyState::Failed(error),
            None if self.sent > 0 => ReplyState::Replied,
            None if self.candidates > 0 => ReplyState::ArmedMismatched,
            None => ReplyState::ArmedNoMatch,
        };
        ReplyReport {
            trigger_topic: self.rule.trigger,
            trigger_transport: label(self.trigger_leg),
            answer_transport: label(self.answer_leg),
            answer_topic: self.rule.answer.as_str().to_owned(),
            pattern: self.rule.pattern.map(|pattern| pattern.0.describe()),
            state,
            candidate_count: self.candidates,
            reply_count: self.sent,
            near_misses: self.near_misses.into_parts().0,
            location: self.rule.location,
        }
    }
}
