//! What a step takes as its first argument, and a scenario function as its own, with our words when it is something
//! else.

use std::marker::PhantomData;

use super::Scenario;
use crate::harness::Harness;
use crate::ids::LegIndex;

/// A scenario, or a reference to one.
///
/// Everything about it is a parameter: of an associated type the compiler would say a second time that the trait
/// is missing. `F` is the type of the field that the step names after the scenario, so that a field of something
/// else is no mistake of its own.
#[diagnostic::on_unimplemented(
    message = "the first argument of a step is the scenario, and this is `{Self}`",
    label = "not a scenario",
    note = "write the scenario's variable, as in `expect!(s, \"orders\", …)`, or a transport of its stage, as in `expect!(s.nats, \"orders\", …)`; a scenario in a struct gets a variable first: `let s = &suite.s;`"
)]
pub trait AsScenario<'s, T, P, F = Harness> {
    /// The scenario itself.
    fn as_scenario(&self) -> &Scenario<'s, T, P>;

    /// Which transport of the stage the field is.
    fn leg(&self, field: &F) -> LegIndex;
}

impl<'s, T, P> AsScenario<'s, T, P> for Scenario<'s, T, P> {
    fn as_scenario(&self) -> &Self {
        self
    }

    fn leg(&self, field: &Harness) -> LegIndex {
        self.act
            .leg_of(field.router())
            .expect("the harness is a field of this scenario's stage")
    }
}

#[diagnostic::do_not_recommend]
impl<'s, T, P, F, S: AsScenario<'s, T, P, F>> AsScenario<'s, T, P, F> for &S {
    fn as_scenario(&self) -> &Scenario<'s, T, P> {
        (**self).as_scenario()
    }

    fn leg(&self, field: &F) -> LegIndex {
        (**self).leg(field)
    }
}

#[diagnostic::do_not_recommend]
impl<'s, T, P, F, S: AsScenario<'s, T, P, F>> AsScenario<'s, T, P, F> for &mut S {
    fn as_scenario(&self) -> &Scenario<'s, T, P> {
        (**self).as_scenario()
    }

    fn leg(&self, field: &F) -> LegIndex {
        (**self).leg(field)
    }
}

/// A scenario by value: what a step takes that gives it back in another phase.
#[diagnostic::on_unimplemented(
    message = "the first argument of this step is the scenario itself, and this is `{Self}`",
    label = "not the scenario itself",
    note = "write the scenario's variable, as in `publish!(s, \"orders\", …)`, or a transport of its stage, as in `publish!(s.nats, \"orders\", …)`; a scenario in a struct gets a variable first: `let s = suite.s;`",
    note = "a function takes it by value: `s: Scenario<'_>` before the trigger, `s: Scenario<'_, Harness, choreo::Triggered>` after it"
)]
pub trait IntoScenario<'s, T, P, F = Harness>: AsScenario<'s, T, P, F> {
    /// The scenario itself.
    fn into_scenario(self) -> Scenario<'s, T, P>;
}

impl<'s, T, P> IntoScenario<'s, T, P> for Scenario<'s, T, P> {
    fn into_scenario(self) -> Self {
        self
    }
}

/// A transport of a stage, and of what type its field is.
#[derive(Debug)]
pub struct StageLeg<F = Harness> {
    index: LegIndex,
    field: PhantomData<fn() -> F>,
}

impl StageLeg {
    /// The only transport of a harness.
    pub(super) const ONLY: Self = Self::new(LegIndex::ONLY);
}

impl<F> StageLeg<F> {
    const fn new(index: LegIndex) -> Self {
        Self {
            index,
            field: PhantomData,
        }
    }

    /// Which transport it is.
    pub fn index(self) -> LegIndex {
        self.index
    }
}

/// The transport that a field of the scenario's stage is.
///
/// # Panics
///
/// When the harness is not one of this stage's.
pub fn leg<'s, T, P, F>(s: &impl AsScenario<'s, T, P, F>, field: &F) -> StageLeg<F> {
    StageLeg::new(s.leg(field))
}

/// As [`leg`], for a step that takes the scenario by value: the compiler says once what it is not.
///
/// # Panics
///
/// As [`leg`].
pub fn leg_to_send<'s, T, P, F>(s: &impl IntoScenario<'s, T, P, F>, field: &F) -> StageLeg<F> {
    leg(s, field)
}

/// What a scenario function takes on a host with these transports: the scenario on it.
#[diagnostic::on_unimplemented(
    message = "this function takes a `{Self}`, and what its attribute names gives a scenario on `{T}`",
    label = "not the scenario that comes",
    note = "on a harness the parameter is `s: Scenario<'_>`, and on a stage it names the struct of the transports, as in `s: Scenario<'_, Gateway>`"
)]
pub trait ScenarioArgument<'s, T> {
    /// From the scenario.
    fn from_scenario(s: Scenario<'s, T>) -> Self;
}

impl<'s, T> ScenarioArgument<'s, T> for Scenario<'s, T> {
    fn from_scenario(s: Self) -> Self {
        s
    }
}

/// The scenario as the argument of the user's function.
pub fn argument<'s, T, A: ScenarioArgument<'s, T>>(s: Scenario<'s, T>) -> A {
    A::from_scenario(s)
}
