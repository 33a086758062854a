//! Replies whose topics are those of their types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::build::{Decoded, Plain, decoded};
use super::rule::{ErasedPattern, ReplyRule, ReplyTrigger};
use crate::message::Message;

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

    /// With messages of type `R`, from what earlier triggers left too.
    pub fn answer_with<S, R, F>(self, state: S, build: F) -> ReplyRule
    where
        S: Send + 'static,
        R: Message + Serialize,
        F: FnMut(A, &mut S) -> R + Send + 'static,
    {
        let builder = self.decoded.compute_with::<S, R, Plain, F>(state, build);
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
