//! What became of a reply.

use std::sync::Arc;

use super::{NearMiss, Outcome};
use crate::ids::Location;

/// How far a reply came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyState {
    /// No trigger came.
    ArmedNoMatch,
    /// Triggers came, and its pattern refused them all.
    ArmedMismatched,
    /// Its answer was not out yet when the scenario ended.
    Answering,
    /// It left every trigger unanswered, as it was told to.
    Dropped,
    /// It answered.
    Replied,
    /// It could not answer; the name of the error's type, never its text, or why the trigger does not decode.
    Failed(String),
}

/// What a reply did when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyStep {
    /// It made the answer into a message.
    Build,
    /// It handed the message to the broker.
    Send,
}

/// Why a message got no answer.
#[derive(Debug)]
pub(crate) struct ReplyFailure {
    pub(crate) step: ReplyStep,
    /// The name of the error's type, why the trigger does not decode, or where something panicked.
    pub(crate) error: String,
    /// A sentence.
    pub(crate) text: String,
}

impl ReplyFailure {
    pub(crate) fn sending(error: &str, text: String) -> Self {
        Self {
            step: ReplyStep::Send,
            error: error.to_owned(),
            text,
        }
    }
}

/// What became of a reply.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplyReport {
    /// The topics that it answers.
    pub trigger_topics: Vec<String>,
    /// On which transport of a stage; none when the scenario has one transport only.
    pub trigger_transport: Option<Arc<str>>,
    /// Where it answers; `_` is whoever asked.
    pub answer_topic: String,
    /// On which transport of a stage; none when the scenario has one transport only.
    pub answer_transport: Option<Arc<str>>,
    /// Which triggers it answers, when it has a pattern.
    pub pattern: Option<String>,
    /// How far it came.
    pub state: ReplyState,
    /// Triggers that came.
    pub candidate_count: u64,
    /// Answers that went out.
    pub reply_count: u32,
    /// Those of them that were errors, of `error_rate`.
    pub error_count: u32,
    /// Those of them that went out without the scenario's correlation id: with another one, or with none.
    /// Never answers to whoever asked, which need no id.
    pub unstamped_count: u32,
    /// Triggers that got no answer, of `drop_first` and `drop_rate`.
    pub dropped_count: u32,
    /// Answers without which the scenario does not pass, when it is `required`.
    pub required_count: Option<u32>,
    /// What chance was drawn from: `seed` with this number repeats it. None when nothing was left to
    /// chance, or no trigger came.
    pub seed: Option<u64>,
    /// What that was drawn from, if not the test said it.
    pub(crate) run_seed: Option<u64>,
    /// The closest triggers that its pattern refused.
    pub near_misses: Vec<NearMiss>,
    /// How many triggers its pattern refused.
    pub(crate) near_miss_count: u64,
    /// An answer was still being held back by its delay.
    pub(crate) is_delayed: bool,
    /// It is required, and did not answer often enough.
    pub(crate) is_short: bool,
    pub(crate) location: Location,
    /// The transport of its triggers, as an index into the result's legs.
    pub(crate) leg: u32,
    /// The transport of its answers.
    pub(crate) answer_leg: u32,
    /// Triggers that it answers or drops.
    pub(crate) matched_count: u64,
    /// Why it could not answer, in a sentence.
    pub(crate) error_text: Option<String>,
    /// What it did when it failed.
    pub(crate) failed_at: Option<ReplyStep>,
    /// The number of the trigger that it could not answer.
    pub(crate) failed_trigger: Option<u64>,
    /// The numbers of triggers and of their answers, of the first 64.
    pub(crate) exchanges: Vec<(u64, u64)>,
}

impl ReplyReport {
    /// What it makes of the scenario. Without expectations, replies have to be asked.
    pub(crate) fn outcome(&self, only_replies: bool) -> Outcome {
        match self.state {
            ReplyState::Failed(_) => Outcome::Error,
            ReplyState::ArmedMismatched if self.is_short || only_replies => Outcome::Fail,
            ReplyState::Replied if !self.is_short => Outcome::Pass,
            _ if self.is_short || only_replies => Outcome::Timeout,
            _ => Outcome::Pass,
        }
    }
}
