//! The test's side of a scenario: a facade whose type knows which steps are allowed.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use choreo_runner::BoxFuture;

use crate::act::{Act, PublishDraft};
use crate::expectation::Terms;
use crate::harness::Harness;
use crate::ids::{CorrelationId, Location};
use crate::matcher::envelope::EnvelopePattern;
use crate::matcher::{MessagePattern, Pattern};
use crate::outcome::{Handle, ScenarioResult};
use crate::reply::ReplyRule;

pub use self::phase::{Arranging, CanArrange, CanBegin, CanSettle, CanTrigger, Triggered};
pub(crate) use self::run::run;
pub use self::run::{Body, BodyEnd, IntoBodyEnd, body_end};

mod phase;
mod run;

/// A scenario in the hands of a test.
///
/// It begins [`Arranging`]: [`expect!`](crate::expect) and [`reply!`](crate::reply) say what must come.
/// The first [`publish!`](crate::publish), or [`begin!`](crate::begin), makes it [`Triggered`]: it is
/// `Copy` then, and [`settle!`](crate::settle) gives the result. A step out of order does not compile.
pub struct Scenario<'s, T = Harness, P = Arranging> {
    act: &'s Arc<Act>,
    phase: PhantomData<fn() -> (T, P)>,
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
    fn new(act: &'s Arc<Act>) -> Self {
        Self {
            act,
            phase: PhantomData,
        }
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
    pub fn inbox(&self) -> &'s str {
        self.act.inbox()
    }
}

impl<T> Scenario<'_, T, Triggered> {
    /// Since the trigger.
    pub fn elapsed(&self) -> Duration {
        self.act.elapsed()
    }
}

impl Harness {
    /// A scenario outside `#[choreo::scenario]`.
    pub fn scenario(&self, name: impl Into<Arc<str>>) -> ScenarioBuilder<'_> {
        ScenarioBuilder {
            harness: self,
            name: name.into(),
            timeout: None,
        }
    }
}

/// A scenario that is not open yet.
#[derive(Debug)]
pub struct ScenarioBuilder<'h> {
    harness: &'h Harness,
    name: Arc<str>,
    timeout: Option<Duration>,
}

impl ScenarioBuilder<'_> {
    /// How long after the trigger the messages may come; the harness's timeout otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Opens it.
    ///
    /// # Panics
    ///
    /// Outside the runtime that the harness was connected on.
    pub fn open(self) -> Scope {
        Scope::new(self.harness.open(self.name, self.timeout))
    }
}

/// An open scenario outside `#[choreo::scenario]`: for tests that bring their own runner.
///
/// Dropping it gives up everything that the scenario held, on any path.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// use choreo::transport::Memory;
///
/// let harness = Harness::builder(Memory::new()).connect().await?;
/// let mut scope = harness.scenario("an echo").timeout(std::time::Duration::from_secs(1)).open();
/// let s = scope.arrange();
/// expect!(s, "orders", { count: > 0 });
/// publish!(s, "orders", { count: 1 });
/// settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
pub struct Scope {
    act: Arc<Act>,
}

impl Scope {
    pub(crate) fn new(act: Arc<Act>) -> Self {
        Self { act }
    }

    /// The scenario, ready for its expectations.
    pub fn arrange(&mut self) -> Scenario<'_> {
        Scenario::new(&self.act)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.act.close();
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("name", &self.act.name)
            .finish_non_exhaustive()
    }
}

/// How one expectation is judged, and where it was written.
#[derive(Debug)]
pub struct ExpectOptions(Terms);

impl ExpectOptions {
    /// Written here, without a budget.
    pub fn at(file: &'static str, line: u32) -> Self {
        Self(Terms {
            location: Location { file, line },
            within: None,
            since: None,
            envelope: EnvelopePattern::default(),
        })
    }

    /// With a latency budget: later is slow.
    #[must_use]
    pub fn within(mut self, budget: Duration) -> Self {
        self.0.within = Some(budget);
        self
    }

    /// With a clock that starts when another expectation's message came, not at the trigger.
    #[must_use]
    pub fn since<M>(mut self, handle: Handle<M>) -> Self {
        self.0.since = Some((handle.scenario, handle.index));
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
pub fn expect<T, P: CanArrange, M: MessagePattern>(
    s: &Scenario<'_, T, P>,
    topic: impl Into<String>,
    pattern: M,
    options: ExpectOptions,
) -> Handle<M::Message> {
    s.act.expect(&topic.into(), pattern, options.0)
}

/// The step behind `reply!`.
pub fn reply<T, P: CanArrange>(s: &Scenario<'_, T, P>, rule: ReplyRule) {
    s.act.reply(rule);
}

/// The step behind `publish!`.
pub async fn publish<'s, T, P: CanTrigger>(
    s: Scenario<'s, T, P>,
    draft: PublishDraft,
) -> Scenario<'s, T, Triggered> {
    s.act.publish(draft).await;
    Scenario::new(s.act)
}

/// The step behind `begin!`. Its future does not name the phase, so that a wrong one is reported once.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the scenario that takes expectations is used up"
)]
pub fn begin<'s, T, P: CanBegin>(s: Scenario<'s, T, P>) -> BoxFuture<'s, Scenario<'s, T, Triggered>>
where
    T: 's,
{
    let act = s.act;
    Box::pin(async move {
        act.begin().await;
        Scenario::new(act)
    })
}

/// The step behind `settle!`. Its future does not name the phase, so that a wrong one is reported
/// once.
pub fn settle<'s, T, P: CanSettle>(s: &Scenario<'s, T, P>) -> BoxFuture<'s, Arc<ScenarioResult>> {
    let act = s.act;
    Box::pin(async move { act.settle().await })
}
