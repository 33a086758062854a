//! The test's side of a scenario: a facade whose type knows which steps are allowed.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use choreo_runner::BoxFuture;
use serde_json::Value;

use crate::act::{Act, PublishDraft};
use crate::expectation::{DUPLICATE_WINDOW, Limits, MessageCount, Terms};
use crate::harness::Harness;
use crate::ids::{CorrelationId, LegIndex, Location};
use crate::matcher::{MessagePattern, Pattern, Segment};
use crate::outcome::{Handle, ScenarioResult};
use crate::reply::ReplyRule;
use crate::stage::Transports;

pub use self::phase::{
    Arranging, CanArrange, CanBegin, CanGoOn, CanRestrict, CanSettle, CanTrigger, OneTransport,
    Triggered,
};
pub(crate) use self::run::run;
pub use self::run::{Body, BodyEnd, IntoBodyEnd, body_end, case_json, case_text};
pub use self::scope::{Host, ScenarioBuilder, Scope};
pub use self::step::{
    AsScenario, IntoScenario, ScenarioArgument, StageLeg, argument, leg, leg_to_send,
};

mod phase;
mod run;
mod scope;
mod step;

/// A scenario in the hands of a test.
///
/// It begins [`Arranging`]: [`expect!`](crate::expect) and [`reply!`](crate::reply) say what must come.
/// The first [`publish!`](crate::publish), or [`begin!`](crate::begin), makes it [`Triggered`]: it is
/// `Copy` then, and [`settle!`](crate::settle) gives the result, or [`next_act!`](crate::next_act) a scenario that
/// arranges its next act. A step out of order does not compile.
///
/// On a stage the transports are fields: `expect!(s.nats, …)`, `publish!(s.kafka, …)`.
#[must_use = "keep the scenario in a variable: `let s = next_act!(s);`"]
pub struct Scenario<'s, T = Harness, P = Arranging> {
    act: &'s Arc<Act>,
    transports: &'s T,
    phase: PhantomData<fn() -> P>,
}

impl<T> Clone for Scenario<'_, T, Triggered> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Scenario<'_, T, Triggered> {}

impl<T, P> fmt::Debug for Scenario<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.act.name)
            .finish_non_exhaustive()
    }
}

impl<'s, T, P> Scenario<'s, T, P> {
    fn new(act: &'s Arc<Act>, transports: &'s T) -> Self {
        Self {
            act,
            transports,
            phase: PhantomData,
        }
    }

    fn into_parts(self) -> (&'s Arc<Act>, &'s T) {
        (self.act, self.transports)
    }

    fn triggered(self) -> Scenario<'s, T, Triggered> {
        Scenario::new(self.act, self.transports)
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.act.name
    }

    /// The id that every message of the scenario carries; `None` without a correlation policy.
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        self.act.correlation_id()
    }
}

impl<'s, T> Scenario<'s, T, Arranging> {
    /// A topic for answers that belongs to this scenario alone: what [`request!`](crate::request) gives
    /// as its reply address. The same at each call.
    ///
    /// Every message on it is this scenario's, whether or not it carries the correlation id.
    ///
    /// Where the transport has no requests, the scenario ends as error, and says what to use instead.
    pub fn inbox(&self) -> &'s str
    where
        // Not at the `impl`: there the compiler would say only that the method is not found.
        T: OneTransport,
    {
        self.act.inbox(LegIndex::ONLY)
    }
}

impl<'s, T: Transports> Scenario<'s, T, Arranging> {
    /// As [`inbox`](Self::inbox), on one transport of the stage: `s.inbox_on(&s.nats)`.
    ///
    /// # Panics
    ///
    /// When the harness is not one of this stage's.
    pub fn inbox_on(&self, harness: &Harness) -> &'s str {
        self.act.inbox(self.leg(harness))
    }
}

/// The transports of a stage are the scenario's fields.
impl<T: Transports, P> Deref for Scenario<'_, T, P> {
    type Target = T;

    fn deref(&self) -> &T {
        self.transports
    }
}

impl<T> Scenario<'_, T, Triggered> {
    /// Since the trigger.
    pub fn elapsed(&self) -> Duration {
        self.act.elapsed()
    }
}

/// How one expectation is judged, and where it was written.
#[derive(Debug)]
pub struct ExpectOptions(Terms);

impl ExpectOptions {
    /// Written here, without a budget.
    pub fn at(file: &'static str, line: u32) -> Self {
        Self(Terms::at(Location { file, line }))
    }

    /// With a latency budget: later is slow.
    #[must_use]
    pub fn within(mut self, budget: Duration) -> Self {
        self.0.within = Some(budget);
        self
    }

    /// With a deadline of its own: nothing that comes later satisfies it.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.deadline = Some(deadline);
        self
    }

    /// With a clock that starts when another expectation's message came, not at the trigger.
    #[must_use]
    pub fn since<M>(mut self, handle: Handle<M>) -> Self {
        self.0.since = Some((handle.scenario, handle.index));
        self
    }

    /// So many messages and no more.
    #[must_use]
    pub fn times(self, number: impl MessageCount) -> Self {
        let number = number.into_count();
        self.limits(Limits::computed(number, Some(number)))
    }

    /// At least so many messages.
    #[must_use]
    pub fn at_least(self, least: impl MessageCount) -> Self {
        self.limits(Limits::computed(least.into_count(), None))
    }

    /// So many messages, both ends included.
    #[must_use]
    pub fn times_between(self, least: impl MessageCount, most: impl MessageCount) -> Self {
        let (least, most) = (least.into_count(), most.into_count());
        self.limits(Limits::computed(least, Some(most)))
    }

    /// So many messages, the upper end not included.
    #[must_use]
    pub fn times_below(self, least: impl MessageCount, end: impl MessageCount) -> Self {
        let most = end.into_count().and_then(|end| end.checked_sub(1));
        self.limits(Limits::computed(least.into_count(), Some(most)))
    }

    /// One message, and no duplicate of it for a while.
    #[must_use]
    pub fn exactly_once(self) -> Self {
        self.limits(Limits::between(1, Some(1)).quiet_for(DUPLICATE_WINDOW))
    }

    /// How long nothing further may come.
    #[must_use]
    pub fn quiet_for(mut self, window: Duration) -> Self {
        self.0.quiet = Some(window);
        self
    }

    /// With values at this place that do not descend from message to message.
    #[must_use]
    pub fn ordered_by<const N: usize>(mut self, path: [Segment; N]) -> Self {
        self.0.ordered_by = Some(path.into_iter().collect());
        self
    }

    /// With the first near miss as the end of the scenario.
    #[must_use]
    pub fn fail_fast(mut self) -> Self {
        self.0.fail_fast = true;
        self
    }

    /// An absence, or a near miss, that counts although no ids keep scenarios apart.
    #[must_use]
    pub fn unrouted(mut self) -> Self {
        self.0.unrouted = true;
        self
    }

    fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = Some(limits);
        self
    }

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
}

/// The step behind `expect!`.
pub fn expect<'s, T: OneTransport, P: CanArrange, M: MessagePattern>(
    s: &impl AsScenario<'s, T, P>,
    topic: impl Into<String>,
    pattern: M,
    options: ExpectOptions,
) -> Handle<M::Message> {
    expect_on(s, StageLeg::ONLY, topic, pattern, options)
}

/// The step behind `expect!` on a transport of a stage.
pub fn expect_on<'s, T: 's, P: CanArrange, F, M: MessagePattern>(
    s: &impl AsScenario<'s, T, P, F>,
    leg: StageLeg<F>,
    topic: impl Into<String>,
    pattern: M,
    options: ExpectOptions,
) -> Handle<M::Message> {
    s.as_scenario()
        .act
        .expect(leg.index(), &topic.into(), pattern, options.0)
}

/// The step behind `expect!` with a set of patterns.
pub fn expect_set<'s, T: OneTransport, P: CanArrange>(
    s: &impl AsScenario<'s, T, P>,
    topic: impl Into<String>,
    patterns: Vec<Pattern>,
    options: ExpectOptions,
) -> Handle<Value> {
    expect_set_on(s, StageLeg::ONLY, topic, patterns, options)
}

/// The step behind `expect!` with a set of patterns on a transport of a stage.
pub fn expect_set_on<'s, T: 's, P: CanArrange, F>(
    s: &impl AsScenario<'s, T, P, F>,
    leg: StageLeg<F>,
    topic: impl Into<String>,
    patterns: Vec<Pattern>,
    options: ExpectOptions,
) -> Handle<Value> {
    s.as_scenario()
        .act
        .expect_set(leg.index(), &topic.into(), patterns, options.0)
}

/// The step behind `never!`.
pub fn never<'s, T: OneTransport, P: CanRestrict, M: MessagePattern>(
    s: &impl AsScenario<'s, T, P>,
    topic: impl Into<String>,
    pattern: M,
    options: ExpectOptions,
) -> Handle<M::Message> {
    never_on(s, StageLeg::ONLY, topic, pattern, options)
}

/// The step behind `never!` on a transport of a stage.
pub fn never_on<'s, T: 's, P: CanRestrict, F, M: MessagePattern>(
    s: &impl AsScenario<'s, T, P, F>,
    leg: StageLeg<F>,
    topic: impl Into<String>,
    pattern: M,
    options: ExpectOptions,
) -> Handle<M::Message> {
    let options = options.limits(Limits::between(0, Some(0)));
    s.as_scenario()
        .act
        .expect(leg.index(), &topic.into(), pattern, options.0)
}

/// A handle without the type of its message.
#[derive(Debug, Clone, Copy)]
pub struct HandleKey(u64, u32);

/// The key of a handle, to stand in a list with others.
pub fn handle_key<M>(handle: Handle<M>) -> HandleKey {
    HandleKey(handle.scenario, handle.index)
}

/// The step behind `in_order!`.
pub fn in_order<'s, T: 's, P: CanRestrict, const N: usize>(
    s: &impl AsScenario<'s, T, P>,
    handles: [HandleKey; N],
    file: &'static str,
    line: u32,
) {
    let handles = handles.map(|HandleKey(scenario, index)| (scenario, index));
    s.as_scenario()
        .act
        .in_order(&handles, Location { file, line });
}

/// The step behind `reply!`.
pub fn reply<'s, T: OneTransport, P: CanArrange>(s: &impl AsScenario<'s, T, P>, rule: ReplyRule) {
    reply_on(s, StageLeg::ONLY, rule);
}

/// The step behind `reply!` on a transport of a stage.
pub fn reply_on<'s, T: 's, P: CanArrange, F>(
    s: &impl AsScenario<'s, T, P, F>,
    leg: StageLeg<F>,
    rule: ReplyRule,
) {
    s.as_scenario().act.reply(leg.index(), rule);
}

/// The step behind `publish!`. Its future names neither the phase nor the argument, so that a wrong one is
/// reported once.
pub fn publish<'s, T: OneTransport, P: CanTrigger>(
    s: impl IntoScenario<'s, T, P>,
    draft: PublishDraft,
) -> BoxFuture<'s, Scenario<'s, T, Triggered>> {
    publish_on(s, StageLeg::ONLY, draft)
}

/// The step behind `publish!` on a transport of a stage.
pub fn publish_on<'s, T: Sync, P: CanTrigger, F>(
    s: impl IntoScenario<'s, T, P, F>,
    leg: StageLeg<F>,
    draft: PublishDraft,
) -> BoxFuture<'s, Scenario<'s, T, Triggered>> {
    let s = s.into_scenario().triggered();
    let leg = leg.index();
    Box::pin(async move {
        s.act.publish(leg, draft).await;
        s
    })
}

/// The step behind `begin!`, as [`publish`].
pub fn begin<'s, T: Sync, P: CanBegin>(
    s: impl IntoScenario<'s, T, P>,
) -> BoxFuture<'s, Scenario<'s, T, Triggered>> {
    let s = s.into_scenario().triggered();
    Box::pin(async move {
        s.act.begin().await;
        s
    })
}

/// The step behind `settle!`, as [`publish`].
pub fn settle<'s, T: 's, P: CanSettle>(
    s: &impl AsScenario<'s, T, P>,
) -> BoxFuture<'s, Arc<ScenarioResult>> {
    let act = s.as_scenario().act;
    Box::pin(async move { act.settle().await })
}

/// The step behind `next_act!`, as [`publish`].
pub fn next_act<'s, T: Sync, P: CanGoOn>(
    s: impl IntoScenario<'s, T, P>,
) -> BoxFuture<'s, Scenario<'s, T, Arranging>> {
    let (act, transports) = s.into_scenario().into_parts();
    Box::pin(async move {
        act.next().await;
        Scenario::new(act, transports)
    })
}
