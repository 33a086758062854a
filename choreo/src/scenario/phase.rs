//! The phases of a scenario, and which step each allows. The messages are the compiler's headlines.

/// Before the trigger: expectations and replies are registered.
#[derive(Debug)]
pub enum Arranging {}

/// After the trigger: messages are published, and the scenario settles.
#[derive(Debug)]
pub enum Triggered {}

mod sealed {
    pub trait Phase {}
    impl Phase for super::Arranging {}
    impl Phase for super::Triggered {}
}

/// Phases in which expectations and replies can be registered.
#[diagnostic::on_unimplemented(
    message = "`expect!` or `reply!` after the scenario was triggered",
    label = "this scenario has been triggered already",
    note = "the answer could come before it is registered, so it must stand above the first `publish!`, `request!` or `begin!`",
    note = "for a second step that depends on the first, write `let s = next_act!(s);` above it: it settles this act and opens the next"
)]
pub trait CanArrange: sealed::Phase {}
impl CanArrange for Arranging {}

/// Phases in which absences and orders can be registered.
#[diagnostic::on_unimplemented(
    message = "`never!` or `in_order!` after the scenario was triggered",
    label = "this scenario has been triggered already",
    note = "a message could come before it is registered, so it must stand above the first `publish!`, `request!` or `begin!`"
)]
pub trait CanRestrict: sealed::Phase {}
impl CanRestrict for Arranging {}

/// Phases in which messages can be published.
#[diagnostic::on_unimplemented(
    message = "`publish!` or `request!` in a function for scenarios of any step",
    label = "arranging, or triggered?",
    note = "write the step into the type: `Scenario<'_>` before the trigger, `Scenario<'_, Harness, choreo::Triggered>` after it"
)]
pub trait CanTrigger: sealed::Phase {}
impl CanTrigger for Arranging {}
impl CanTrigger for Triggered {}

/// Phases in which the clock can be started.
#[diagnostic::on_unimplemented(
    message = "`begin!` after the scenario was triggered",
    label = "this scenario has been triggered already",
    note = "a scenario has one trigger: its first `publish!`, or one `begin!`; leave this one out"
)]
pub trait CanBegin: sealed::Phase {}
impl CanBegin for Arranging {}

/// Phases in which a scenario can settle.
#[diagnostic::on_unimplemented(
    message = "`settle!` before the scenario was triggered",
    label = "nothing has triggered this scenario yet",
    note = "`publish!` the message that starts it first, or `begin!(s)` when something else does"
)]
pub trait CanSettle: sealed::Phase {}
impl CanSettle for Triggered {}

/// Phases in which the scenario can go on to its next act.
#[diagnostic::on_unimplemented(
    message = "`next_act!` before the scenario was triggered",
    label = "this act has not been triggered yet",
    note = "an act ends when its messages have come: `publish!` the message that starts it first, or `begin!(s)` when something else does"
)]
pub trait CanGoOn: sealed::Phase {}
impl CanGoOn for Triggered {}

/// Scenarios with one transport, whose steps need not say which.
#[diagnostic::on_unimplemented(
    message = "this scenario has several transports, and the step does not say which",
    label = "which transport?",
    note = "name the field of the stage after the scenario: `expect!(s.nats, …)`, `reply!(s.nats, …)`, `publish!(s.nats, …)`; an inbox is `s.inbox_on(&s.nats)`"
)]
pub trait OneTransport: Sync + 'static {}
impl OneTransport for crate::harness::Harness {}
