//! What the user wrote, with the spans kept. Filled by `parse`, judged by `check`, read by `expand`.

use proc_macro2::Span;
use syn::{Expr, Ident};

/// The variable that holds the scenario: the first argument of every step.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) ident: Ident,
}

/// A duration: a literal with a unit, known at compile time, or any expression of type `Duration`.
#[derive(Clone)]
pub(crate) enum DurationArg {
    Literal { secs: u64, nanos: u32, span: Span },
    Expr(Box<Expr>),
}
