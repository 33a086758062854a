//! A reply as `reply!` describes it: what is answered, where to, and how.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::behaviour::{Behaviour, Delay, Dice, Player};
use super::build::ReplyBuilder;
use crate::envelope::{Headers, Metadata};
use crate::expectation::Wanted;
use crate::ids::{LegIndex, Location};
use crate::matcher::envelope::EnvelopePattern;
use crate::matcher::{MessagePattern, Pattern};

/// What a reply answers, its message type forgotten.
pub struct ErasedPattern(pub(super) Wanted);

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

/// A reply as `reply!` describes it.
#[derive(Debug)]
pub struct ReplyRule {
    pub(crate) location: Location,
    pub(crate) triggers: Vec<String>,
    pub(crate) answer: Answered,
    pub(crate) pattern: Option<ErasedPattern>,
    pub(crate) around: Around,
    pub(crate) behaviour: Behaviour,
    /// One for each answer; the last one repeats. Never empty.
    pub(super) builders: Vec<ReplyBuilder>,
    pub(super) repeat: Repeat,
    pub(super) required: bool,
    /// Why it cannot be armed.
    pub(super) problem: Option<String>,
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
            triggers: vec![topic.into()],
            pattern,
        }
    }

    /// How often it answers; once otherwise.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.repeat = Repeat::Times(times);
        self
    }

    /// Answers as often as it is asked.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.repeat = Repeat::Always;
        self
    }

    /// With one answer more: the next trigger gets it.
    #[must_use]
    pub fn then(mut self, builder: ReplyBuilder) -> Self {
        self.builders.push(builder);
        let count = u32::try_from(self.builders.len()).expect("fewer than 2^32 answers");
        self.repeat = Repeat::Times(count);
        self
    }

    /// The scenario does not pass unless it answered as often as it can, or once when it always does.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Each answer waits this long before it goes out.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        self.delay_between(delay, delay)
    }

    /// Each answer waits before it goes out: a time between these, each as likely.
    #[must_use]
    pub fn delay_between(mut self, low: Duration, high: Duration) -> Self {
        if low > high {
            self.refuse(format!(
                "the delay begins at {low:?} and ends before that, at {high:?}"
            ));
        }
        let spread = high.saturating_sub(low);
        self.behaviour.delay = Some(Delay {
            draw: Box::new(move |share| low.saturating_add(spread.mul_f64(share))),
            is_random: low != high,
        });
        self
    }

    /// Each answer waits before it goes out: what the closure makes of a number from 0 to below 1.
    #[must_use]
    pub fn delay_drawn(mut self, draw: impl Fn(f64) -> Duration + Send + Sync + 'static) -> Self {
        self.behaviour.delay = Some(Delay {
            draw: Box::new(draw),
            is_random: true,
        });
        self
    }

    /// This share of the answers is another payload.
    #[must_use]
    pub fn error_rate(mut self, rate: f64, builder: ReplyBuilder) -> Self {
        self.check_rate("error_rate", rate);
        self.behaviour.errors = Some((rate, builder));
        self
    }

    /// This share of the triggers gets no answer.
    #[must_use]
    pub fn drop_rate(mut self, rate: f64) -> Self {
        self.check_rate("drop_rate", rate);
        self.behaviour.drop_rate = rate;
        self
    }

    /// The first triggers get no answer.
    #[must_use]
    pub fn drop_first(mut self, count: u32) -> Self {
        self.behaviour.drop_first = count;
        self
    }

    /// What is left to chance is the same in each run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.behaviour.seed = Some(seed);
        self
    }

    /// Its answers carry a header more.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.around.headers.append(name, value);
        self
    }

    /// Its answers have a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.around.key = Some(key.into());
        self
    }

    /// Its answers have metadata for the transport to set.
    #[must_use]
    pub fn metadata(mut self, name: &'static str, value: Result<Value, String>) -> Self {
        match value {
            Ok(value) => self.around.metadata.set(name, value),
            Err(reason) => {
                self.refuse(format!("the metadata `{name}` cannot be encoded: {reason}"));
            }
        }
        self
    }

    fn check_rate(&mut self, option: &str, rate: f64) {
        if !(0.0..=1.0).contains(&rate) {
            self.refuse(format!(
                "`{option}` is a share from 0.0 to 1.0, and {rate} is none"
            ));
        }
    }

    /// The first problem stays.
    fn refuse(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// Why it cannot be armed, when it cannot.
    pub(crate) fn problem(&self) -> Option<String> {
        let problem = self.problem.as_ref()?;
        let topics = shown(&self.triggers);
        Some(format!("the reply to {topics} cannot be armed: {problem}"))
    }

    /// What its chance is drawn from; none when nothing is left to chance. The error is why that cannot be.
    pub(crate) fn dice(&self, of: Player<'_>) -> Result<Option<Dice>, String> {
        self.behaviour.dice(of).map_err(|why| {
            let topics = shown(&self.triggers);
            format!("the reply to {topics} cannot be armed: {why}")
        })
    }

    /// Answers that the scenario cannot do without.
    pub(super) fn needed(&self) -> Option<u32> {
        self.required.then_some(match self.repeat {
            Repeat::Times(times) => times,
            Repeat::Always => 1,
        })
    }
}

/// How often a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Times(u32),
    Always,
}

/// What is around the payload of an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    pub(crate) headers: Headers,
    pub(crate) key: Option<Bytes>,
    pub(crate) metadata: Metadata,
}

/// Topics as sentences name them.
pub(crate) fn shown(topics: &[String]) -> String {
    let topics: Vec<_> = topics.iter().map(|topic| format!("`{topic}`")).collect();
    topics.join(", ")
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
    pub(super) fn as_str(&self) -> &str {
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
    triggers: Vec<String>,
    pattern: Option<ErasedPattern>,
}

impl ReplyTrigger {
    /// On this topic as well.
    #[must_use]
    pub fn also(mut self, topic: impl Into<String>) -> Self {
        let topic = topic.into();
        if !self.triggers.contains(&topic) {
            self.triggers.push(topic);
        }
        self
    }

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
            triggers: self.triggers,
            answer,
            pattern: self.pattern,
            around: Around::default(),
            behaviour: Behaviour::default(),
            builders: vec![builder],
            repeat: Repeat::Times(1),
            required: false,
            problem: None,
            answer_leg: None,
        }
    }
}
