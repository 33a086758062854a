//! Replies: the test plays a service that answers.

use std::sync::Arc;
use std::time::Duration;

use crate::codec::Incoming;
use crate::expectation::{Answer, NearMisses, ask};
use crate::outcome::{LegInfo, ReplyFailure, ReplyReport, ReplyState, ReplyStep};

pub(crate) use self::behaviour::{Dice, Player};

use self::behaviour::Question;
use self::overlap::Overlap;
use self::rule::Repeat;

mod behaviour;
mod build;
mod overlap;
mod rule;
mod typed;

pub use self::build::{BodyResult, IntoReply, ReplyBuilder, decoded, reply_static};
pub(crate) use self::rule::{Answered, Around, shown};
pub use self::rule::{ErasedPattern, ReplyRule, erase};
pub use self::typed::typed_trigger;

/// A registered reply.
pub(crate) struct Reply {
    /// One for each of its topics.
    pub(crate) slots: Vec<u32>,
    pub(crate) trigger_leg: u32,
    pub(crate) answer_leg: u32,
    rule: ReplyRule,
    /// Where one message may come through several of the slots.
    overlap: Option<Overlap>,
    dice: Option<Dice>,
    /// Answers that it may still give; unbounded without a number.
    left: Option<u32>,
    /// Messages that came.
    candidates: u64,
    /// Those that it answers or drops.
    matched: u64,
    dropped: u32,
    errors: u32,
    /// Answers that went out without the scenario's id.
    unstamped: u32,
    /// Being built or sent.
    in_flight: u32,
    /// Built, and waiting for their time.
    delayed: u32,
    sent: u32,
    failed: Option<ReplyFailure>,
    /// The number of the message that it could not answer.
    failed_trigger: Option<u64>,
    near_misses: NearMisses,
    /// The numbers of triggers and of their answers.
    exchanges: Vec<(u64, u64)>,
}

/// Answers of which the messages are remembered.
const EXCHANGES: usize = 64;

/// What a trigger made a reply do.
pub(crate) enum Triggered {
    Ignored,
    /// It has come through another of the reply's topics.
    Repeated,
    NearMiss,
    /// It gets no answer, as told.
    Dropped,
    /// Build, wait, send.
    Answer(Job),
    Panicked(String),
}

/// One answer to be given.
pub(crate) struct Job {
    /// The number of the message that is answered.
    pub(crate) trigger: u64,
    pub(crate) builder: ReplyBuilder,
    pub(crate) delay: Option<Duration>,
    pub(crate) is_error: bool,
}

impl Reply {
    pub(crate) fn new(leg: u32, slots: Vec<u32>, rule: ReplyRule, dice: Option<Dice>) -> Self {
        let left = match rule.repeat {
            Repeat::Times(times) => Some(times),
            Repeat::Always => None,
        };
        Self {
            overlap: (slots.len() > 1).then(Overlap::default),
            slots,
            trigger_leg: leg,
            answer_leg: rule.answer_leg.map_or(leg, |leg| leg.0),
            dice,
            rule,
            left,
            candidates: 0,
            matched: 0,
            dropped: 0,
            errors: 0,
            unstamped: 0,
            in_flight: 0,
            delayed: 0,
            sent: 0,
            failed: None,
            failed_trigger: None,
            near_misses: NearMisses::default(),
            exchanges: Vec::new(),
        }
    }

    pub(crate) fn answered(&self) -> &Answered {
        &self.rule.answer
    }

    /// What its answers carry around their payload.
    pub(crate) fn around(&self) -> &Around {
        &self.rule.around
    }

    /// `slot` is the one that the message came through.
    pub(crate) fn trigger(
        &mut self,
        slot: u32,
        message: &Arc<Incoming>,
        arrival: u64,
    ) -> Triggered {
        if let Some(overlap) = &mut self.overlap
            && overlap.is_repetition(slot, message.envelope())
        {
            return Triggered::Repeated;
        }
        self.candidates += 1;
        if self.left == Some(0) {
            return Triggered::Ignored;
        }
        match self
            .rule
            .pattern
            .as_ref()
            .map(|pattern| ask(&pattern.0, message))
        {
            None | Some(Answer::Match(_)) => self.matched(arrival),
            Some(Answer::NearMiss(mismatch)) => {
                self.near_misses.add(mismatch, message, arrival);
                Triggered::NearMiss
            }
            Some(Answer::Panicked { matcher, message }) => {
                let text = format!("the matcher `{matcher}` of a reply panicked: {message}");
                self.panicked(arrival, text)
            }
        }
    }

    /// Something of the user's that had a say before there was an answer to build.
    fn panicked(&mut self, trigger: u64, text: String) -> Triggered {
        self.failed_trigger = Some(trigger);
        self.failed = Some(ReplyFailure {
            step: ReplyStep::Build,
            error: "panic".to_owned(),
            text: text.clone(),
        });
        Triggered::Panicked(text)
    }

    fn matched(&mut self, trigger: u64) -> Triggered {
        let number = self.matched;
        self.matched += 1;
        let behaviour = &self.rule.behaviour;
        if number < u64::from(behaviour.drop_first)
            || self.happens(number, Question::Drop, behaviour.drop_rate)
        {
            self.dropped += 1;
            return Triggered::Dropped;
        }
        let error = behaviour
            .errors
            .as_ref()
            .filter(|(rate, _)| self.happens(number, Question::Error, *rate));
        let share = self
            .dice
            .map_or(0.0, |dice| dice.roll(number, Question::Delay));
        let delay = behaviour.delay.as_ref().map(|delay| delay.at(share));
        let delay = match delay.transpose() {
            Ok(delay) => delay,
            Err(text) => {
                let text = format!("the `delay` of a reply panicked: {text}");
                return self.panicked(trigger, text);
            }
        };
        let is_error = error.is_some();
        let builder = match error {
            Some((_, builder)) => builder.clone(),
            None => self.next_builder(),
        };
        self.left = self.left.map(|left| left - 1);
        self.in_flight += 1;
        Triggered::Answer(Job {
            trigger,
            builder,
            delay,
            is_error,
        })
    }

    fn happens(&self, number: u64, question: Question, rate: f64) -> bool {
        self.dice
            .is_some_and(|dice| dice.roll(number, question) < rate)
    }

    /// The one whose turn it is in a sequence; the last one repeats.
    fn next_builder(&self) -> ReplyBuilder {
        let builders = &self.rule.builders;
        let given = self.matched - 1 - u64::from(self.dropped);
        let turn = usize::try_from(given).map_or(usize::MAX, |given| given);
        builders[turn.min(builders.len() - 1)].clone()
    }

    /// An answer is built and waits for its time.
    pub(crate) fn postponed(&mut self) {
        self.in_flight -= 1;
        self.delayed += 1;
    }

    /// The time of an answer has come.
    pub(crate) fn resumed(&mut self) {
        self.delayed -= 1;
        self.in_flight += 1;
    }

    /// An answer is out; both messages by their numbers.
    pub(crate) fn answered_with(
        &mut self,
        trigger: u64,
        answer: u64,
        is_error: bool,
        stamped: bool,
    ) {
        self.in_flight -= 1;
        self.sent += 1;
        self.errors += u32::from(is_error);
        self.unstamped += u32::from(!stamped);
        if self.exchanges.len() < EXCHANGES {
            self.exchanges.push((trigger, answer));
        }
    }

    /// There is no answer to a message, by its number.
    pub(crate) fn failed_with(&mut self, trigger: u64, failure: ReplyFailure) {
        self.in_flight -= 1;
        self.failed_trigger = Some(trigger);
        self.failed = Some(failure);
    }

    /// An answer is being built or sent. One that waits for its time holds up nothing.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight > 0
    }

    /// The scenario cannot pass before it has answered more.
    pub(crate) fn is_owed(&self) -> bool {
        self.rule.needed().is_some_and(|needed| self.sent < needed)
    }

    /// No trigger has come.
    pub(crate) fn is_untouched(&self) -> bool {
        self.candidates == 0
    }

    /// When the time is up and an answer is owed: what it listened on.
    pub(crate) fn missed(&self) -> Option<u32> {
        self.is_owed().then(|| self.slots.first().copied())?
    }

    /// Has answered as often as it will, or once when there is no end.
    pub(crate) fn is_finished(&self) -> bool {
        let enough = self.left.map_or(self.sent > 0, |left| left == 0);
        enough && self.in_flight == 0 && self.delayed == 0
    }

    pub(crate) fn finish(self, legs: &[Arc<LegInfo>], interrupted: bool) -> ReplyReport {
        let label = |leg: u32| legs.get(leg as usize).and_then(|leg| leg.label.clone());
        // Before the first trigger nothing was drawn.
        let dice = self.dice.filter(|_| self.matched > 0);
        let is_short = self.is_owed() && !interrupted;
        let failed_at = self.failed.as_ref().map(|failure| failure.step);
        let failed = self.failed.map(|failure| (failure.error, failure.text));
        let (error, error_text) = failed.unzip();
        let state = match error {
            Some(error) => ReplyState::Failed(error),
            None if self.sent > 0 => ReplyState::Replied,
            None if self.in_flight + self.delayed > 0 => ReplyState::Answering,
            None if self.dropped > 0 => ReplyState::Dropped,
            None if self.candidates > 0 => ReplyState::ArmedMismatched,
            None => ReplyState::ArmedNoMatch,
        };
        let (near_misses, near_miss_count) = self.near_misses.into_parts();
        ReplyReport {
            required_count: self.rule.needed(),
            trigger_topics: self.rule.triggers,
            trigger_transport: label(self.trigger_leg),
            answer_transport: label(self.answer_leg),
            answer_topic: self.rule.answer.as_str().to_owned(),
            pattern: self.rule.pattern.map(|pattern| pattern.0.describe()),
            state,
            candidate_count: self.candidates,
            reply_count: self.sent,
            error_count: self.errors,
            unstamped_count: self.unstamped,
            dropped_count: self.dropped,
            seed: dice.map(|dice| dice.seed),
            run_seed: dice.and_then(|dice| dice.run_seed),
            is_delayed: self.delayed > 0,
            is_short,
            near_misses,
            near_miss_count,
            location: self.rule.location,
            leg: self.trigger_leg,
            answer_leg: self.answer_leg,
            matched_count: self.matched,
            error_text,
            failed_at,
            failed_trigger: self.failed_trigger,
            exchanges: self.exchanges,
        }
    }
}
