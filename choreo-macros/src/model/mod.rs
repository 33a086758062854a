//! What the user wrote, with the spans kept. Filled by `parse`, judged by `check`, read by `expand`.

use proc_macro2::Span;
use syn::{Expr, Ident};

mod cases;
mod items;
mod outgoing;

pub(crate) use cases::{CaseParameter, CaseRow, CaseSource};
pub(crate) use items::{
    Function, HostKind, MessageDef, ScenarioArgs, SlowArg, StageDef, StageField,
};
pub(crate) use outgoing::{
    Answer, AnswerTo, Delay, ErrorRate, Field, Header, Json, Made, Payload, Publication,
    PublishOptions, Published, Repeat, Reply, ReplyClosure, ReplyOptions, Seed, Sending, State,
    StateParameter, Trigger, UserExpr,
};
pub(crate) mod pattern;
pub(crate) mod snapshot;

/// The variable that holds the scenario, `s`, or a transport of its stage, `s.nats`: the first argument
/// of every step.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) ident: Ident,
    /// The field of the stage.
    pub(crate) transport: Option<Ident>,
}

/// A duration: a literal with a unit, known at compile time, or any expression of type `Duration`.
#[derive(Clone)]
pub(crate) enum DurationArg {
    Literal { secs: u64, nanos: u32, span: Span },
    Expr(Box<Expr>),
}

impl DurationArg {
    /// Nothing when only the running test knows it.
    pub(crate) fn nanos(&self) -> Option<u128> {
        match self {
            Self::Literal { secs, nanos, .. } => {
                Some(u128::from(*secs) * 1_000_000_000 + u128::from(*nanos))
            }
            Self::Expr(_) => None,
        }
    }
}

/// Whether a message must come, or must not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    Expect,
    Never,
}

impl Asking {
    pub(crate) fn macro_name(self) -> &'static str {
        match self {
            Self::Expect => "expect!",
            Self::Never => "never!",
        }
    }
}

/// One `expect!` or `never!`.
pub(crate) struct Expectation {
    pub(crate) asking: Asking,
    pub(crate) target: Target,
    pub(crate) subject: Subject,
    pub(crate) options: ExpectOptions,
}

/// What is expected, and where.
pub(crate) enum Subject {
    /// A dynamic pattern on a topic; without a pattern any message will do.
    Topic {
        topic: Box<Expr>,
        pattern: Option<pattern::Pattern>,
    },
    /// A message on a topic that equals a stored one.
    Snapshot {
        topic: Box<Expr>,
        snapshot: snapshot::SnapshotForm,
    },
    /// Messages on a topic, one for each pattern.
    Set {
        topic: Box<Expr>,
        patterns: Vec<pattern::Pattern>,
    },
    /// A typed pattern, whose type names the topic.
    Typed(pattern::Pattern),
}

/// What comes after the pattern.
#[derive(Default)]
pub(crate) struct ExpectOptions {
    pub(crate) within: Option<DurationArg>,
    /// With the place of the word.
    pub(crate) deadline: Option<(Span, DurationArg)>,
    pub(crate) since: Option<Expr>,
    pub(crate) count: Option<CountArg>,
    /// `for`
    pub(crate) quiet: Option<(Span, DurationArg)>,
    pub(crate) ordered_by: Option<OrderedBy>,
    /// Where the word stands.
    pub(crate) fail_fast: Option<Span>,
    /// Where the word stands.
    pub(crate) unrouted: Option<Span>,
    pub(crate) envelope: EnvelopePattern,
}

/// How many messages.
pub(crate) struct CountArg {
    /// The option's word.
    pub(crate) word: Ident,
    pub(crate) amount: Amount,
}

pub(crate) enum Amount {
    /// `times 3`
    Exactly(Box<Expr>),
    /// `times 2..=5`, `times 2..5`
    Between {
        low: Box<Expr>,
        high: Box<Expr>,
        inclusive: bool,
    },
    /// `at_least 2`, `times 2..`
    AtLeast(Box<Expr>),
    /// `exactly_once`
    Once,
}

/// `ordered_by order.seq`
pub(crate) struct OrderedBy {
    pub(crate) word: Span,
    pub(crate) path: Vec<Step>,
}

/// One step of a path into a message.
pub(crate) enum Step {
    Key(syn::LitStr),
    Index(syn::LitInt),
}

/// One `in_order!`.
pub(crate) struct InOrder {
    pub(crate) target: Target,
    pub(crate) handles: Vec<Expr>,
}

/// Patterns of what is around a payload.
#[derive(Default)]
pub(crate) struct EnvelopePattern {
    pub(crate) headers: Option<pattern::Pattern>,
    pub(crate) key: Option<pattern::Pattern>,
    pub(crate) metadata: Option<pattern::Pattern>,
}

impl EnvelopePattern {
    pub(crate) fn is_empty(&self) -> bool {
        self.headers.is_none() && self.key.is_none() && self.metadata.is_none()
    }
}
