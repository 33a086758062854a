//! What a test sends: publications and replies.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Pat, Type};

use super::pattern::Pattern;
use super::{DurationArg, EnvelopePattern, Target};

/// A payload as the user wrote it.
pub(crate) enum Payload {
    /// Goes through the codec of the harness.
    Json(Json),
    /// `bytes …`: goes out as it is.
    Raw { bytes: TokenStream, literal: bool },
}

/// A JSON-like literal with expressions inside.
pub(crate) enum Json {
    Object { fields: Vec<Field>, span: Span },
    Array { items: Vec<Json>, span: Span },
    Null { span: Span },
    Value(UserExpr),
}

pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Json,
}

/// An expression, or what the user has typed of one so far: that goes out unchanged, so that an
/// editor can complete it and rustc reports it at the user's token.
#[derive(Clone)]
pub(crate) struct UserExpr {
    pub(crate) tokens: TokenStream,
    /// The expression, when it is one.
    pub(crate) parsed: Option<Box<Expr>>,
}

/// One header of a publication.
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) value: UserExpr,
}

/// What follows the payload.
#[derive(Default)]
pub(crate) struct PublishOptions {
    pub(crate) headers: Vec<Header>,
    pub(crate) key: Option<UserExpr>,
    pub(crate) metadata: Vec<Field>,
}

/// The two steps that send a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// `publish!`
    Publish,
    /// `request!`: the answer goes to the scenario's inbox.
    Request,
}

impl Sending {
    pub(crate) fn macro_name(self) -> &'static str {
        match self {
            Self::Publish => "publish!",
            Self::Request => "request!",
        }
    }
}

/// `publish!`, `request!`.
pub(crate) struct Publication {
    pub(crate) sending: Sending,
    pub(crate) target: Target,
    /// Nothing when it could not be read, which has been reported then.
    pub(crate) what: Option<Published>,
    pub(crate) options: PublishOptions,
}

pub(crate) enum Published {
    /// A value whose type names the topic.
    Message(UserExpr),
    Payload {
        topic: UserExpr,
        payload: Payload,
    },
}

/// The closure of a reply, cut into the parts that the expansion rewrites.
pub(crate) struct ReplyClosure {
    /// `async` before the bars: the body becomes an async block.
    pub(crate) is_async: bool,
    /// The body is an async block already.
    pub(crate) body_is_async: bool,
    pub(crate) movability: Option<syn::Token![move]>,
    pub(crate) parameter: Option<Pat>,
    pub(crate) parameter_type: Option<Type>,
    /// The second parameter: what the reply keeps from trigger to trigger.
    pub(crate) state: Option<StateParameter>,
    pub(crate) output: Option<Type>,
    pub(crate) body: UserExpr,
    /// From the first bar to the last.
    pub(crate) span: Span,
}

/// `seen`, or `seen: &mut u32`.
pub(crate) struct StateParameter {
    pub(crate) pattern: Pat,
    pub(crate) ty: Option<Type>,
}

/// `reply!`.
pub(crate) struct Reply {
    pub(crate) target: Target,
    /// Nothing when the type of the closure's parameter says it all.
    pub(crate) trigger: Option<Trigger>,
    /// What is around the payload of what is answered.
    pub(crate) envelope: EnvelopePattern,
    /// The transport of the answer, when it is not the trigger's.
    pub(crate) answer_on: Option<Target>,
    pub(crate) answer: Answer,
    pub(crate) options: ReplyOptions,
}

/// What follows the answer.
#[derive(Default)]
pub(crate) struct ReplyOptions {
    pub(crate) repeat: Option<Repeat>,
    pub(crate) delay: Option<Delay>,
    pub(crate) error: Option<ErrorRate>,
    pub(crate) drop_rate: Option<UserExpr>,
    pub(crate) drop_first: Option<UserExpr>,
    pub(crate) seed: Option<Seed>,
    pub(crate) state: Option<State>,
    pub(crate) required: Option<Span>,
    /// What is around the payload of the answer.
    pub(crate) around: PublishOptions,
}

/// How often a reply answers.
pub(crate) enum Repeat {
    Times(UserExpr, Span),
    Always(Span),
}

impl Repeat {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Times(_, span) | Self::Always(span) => *span,
        }
    }
}

/// How long an answer waits.
pub(crate) enum Delay {
    Fixed(DurationArg),
    /// From the first to the second, each as likely.
    Between(DurationArg, DurationArg),
    /// A closure that makes it of a number.
    Drawn(UserExpr),
}

/// The share of answers that are another payload.
pub(crate) struct ErrorRate {
    pub(crate) rate: UserExpr,
    pub(crate) payload: Payload,
}

/// What chance is drawn from.
pub(crate) struct Seed {
    pub(crate) value: UserExpr,
    pub(crate) word: Span,
}

/// What a reply's state begins with.
pub(crate) struct State {
    pub(crate) value: UserExpr,
    pub(crate) word: Span,
}

/// What is answered.
pub(crate) enum Trigger {
    /// The type names the topic and the type of the closure's parameter.
    Typed(Pattern),
    Topic {
        /// One, or several in brackets; never none.
        topics: Vec<UserExpr>,
        pattern: Option<Pattern>,
    },
    /// A mistake that is reported already.
    Broken,
}

/// What the answer is.
pub(crate) enum Answer {
    /// A closure from message to message: the types name the topics.
    Message(Box<ReplyClosure>),
    Given {
        to: AnswerTo,
        made: Made,
    },
    /// Each trigger gets the next one; never empty.
    Sequence {
        to: AnswerTo,
        answers: Vec<Made>,
    },
}

/// What makes the payload of an answer.
pub(crate) enum Made {
    Computed(Box<ReplyClosure>),
    Fixed(Payload),
}

/// Where the answer goes.
pub(crate) enum AnswerTo {
    Topic(UserExpr),
    /// `_`: to whoever asked.
    Asker(Span),
}
