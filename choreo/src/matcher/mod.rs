//! What a message must look like: the [`Matcher`] trait and what its verdicts are made of.
//!
//! Knows nothing of transports, tokio or scenarios.
//!
#![doc = include_str!("../../docs/patterns.md")]

use serde_json::Value;

pub use path::{Part, Path, Segment};
pub use pattern::{ListItem, Pattern, Timestamp};

mod bounded;
pub(crate) mod diff;
pub(crate) mod envelope;
pub mod functions;
mod path;
pub(crate) mod pattern;
#[cfg(feature = "insta")]
pub(crate) mod snapshot;
pub mod typed;

/// What a matcher looks at: a value inside a message, or the fact that there is none.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub(crate) value: Option<&'a Value>,
    /// The payload's bytes; only at the root of a message.
    pub(crate) raw: Option<&'a [u8]>,
    /// Why the codec could not decode the payload; only at the root of a message.
    pub(crate) undecodable: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A value.
    pub fn present(value: &'a Value) -> Self {
        Self {
            value: Some(value),
            raw: None,
            undecodable: None,
        }
    }

    /// Nothing: the field is missing.
    pub fn absent() -> Self {
        Self {
            value: None,
            raw: None,
            undecodable: None,
        }
    }

    /// A whole message: its decoded value or why there is none, and its bytes.
    pub fn message(decoded: Result<&'a Value, &'a str>, raw: &'a [u8]) -> Self {
        Self {
            value: decoded.ok(),
            raw: Some(raw),
            undecodable: decoded.err(),
        }
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<&'a Value> {
        self.value
    }

    /// The payload's bytes, at the root of a message.
    pub fn raw(self) -> Option<&'a [u8]> {
        self.raw
    }

    pub(crate) fn actual(self) -> Actual {
        match (self.value, self.raw) {
            (Some(value), _) => Actual::Value(value.clone()),
            (None, Some(raw)) => Actual::Bytes(bytes::Bytes::copy_from_slice(raw)),
            (None, None) => Actual::Absent,
        }
    }
}

/// The answer of a matcher.
pub type Verdict = Result<(), Mismatch>;

/// How a value differs from what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MismatchKind {
    /// The field is not there.
    Missing,
    /// The field is there and must not be.
    Unexpected,
    /// The value is another one.
    Mismatch,
    /// The value is of another type, or does not decode.
    TypeMismatch,
    /// The value breaks a condition: a comparison, a range, a regex, a length.
    Predicate,
    /// Several differences: they are the children.
    Composed,
}

/// What was found instead.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Actual {
    /// Nothing.
    Absent,
    /// A JSON value.
    Value(Value),
    /// Bytes that the codec did not decode.
    Bytes(bytes::Bytes),
    /// A typed value, by its `Debug`, or a sentence.
    Text(String),
}

/// Why a value was not accepted: a tree whose leaves are single differences with exact paths.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What kind of difference it is.
    pub kind: MismatchKind,
    /// Where, from the root of the message.
    pub path: Path,
    /// What was expected, as a noun phrase such as `> 0` or `"COMPLETED"`.
    pub expected: String,
    /// What was there. For [`MismatchKind::Composed`] a few words may stand for the value: the
    /// children have their parts of it.
    pub actual: Actual,
    /// The single differences, for [`MismatchKind::Composed`].
    pub children: Vec<Mismatch>,
    /// Whether it would have been enough to remove *one* of the children (`p | q`, `any p`),
    /// instead of all of them.
    pub alternatives: bool,
}

impl Mismatch {
    /// A value that breaks a condition, or a [`MismatchKind::Missing`] one when there is none.
    pub fn predicate(expected: impl Into<String>, subject: Subject<'_>) -> Self {
        Self::new(MismatchKind::Predicate, expected, subject).or_missing(subject)
    }

    /// A value of another type, or a [`MismatchKind::Missing`] one when there is none. A payload
    /// that did not decode counts as a value of another type; why it did not is in `actual`.
    pub fn type_mismatch(expected: impl Into<String>, subject: Subject<'_>) -> Self {
        let mut mismatch =
            Self::new(MismatchKind::TypeMismatch, expected, subject).or_missing(subject);
        if let (Some(why), Some(raw)) = (subject.undecodable, subject.raw) {
            let payload = Actual::Bytes(bytes::Bytes::copy_from_slice(raw));
            mismatch.actual = Actual::Text(format!(
                "a payload that does not decode ({why}): {}",
                diff::render_actual(&payload, UNDECODABLE_CHARS)
            ));
        }
        mismatch
    }

    /// A single difference at the subject itself.
    pub fn new(kind: MismatchKind, expected: impl Into<String>, subject: Subject<'_>) -> Self {
        Self {
            kind,
            path: Path::default(),
            expected: expected.into(),
            actual: subject.actual(),
            children: Vec::new(),
            alternatives: false,
        }
    }

    /// Several differences, all of which must go. Give children their paths with
    /// [`Mismatch::under`].
    pub fn all(expected: impl Into<String>, actual: Actual, children: Vec<Mismatch>) -> Self {
        Self {
            kind: MismatchKind::Composed,
            path: Path::default(),
            expected: expected.into(),
            actual,
            children,
            alternatives: false,
        }
    }

    /// Several differences, one of which must go.
    pub fn any(expected: impl Into<String>, actual: Actual, children: Vec<Mismatch>) -> Self {
        Self {
            alternatives: true,
            ..Self::all(expected, actual, children)
        }
    }

    /// A value that must not be there.
    pub(crate) fn unexpected(value: &Value) -> Self {
        Self::new(MismatchKind::Unexpected, "absent", Subject::present(value))
    }

    /// The same difference seen from the value that holds this one: every path of the tree gets
    /// the segment in front.
    #[must_use]
    pub fn under(mut self, segment: impl Into<Segment>) -> Self {
        self.prefix(&segment.into());
        self
    }

    fn prefix(&mut self, segment: &Segment) {
        self.path = std::mem::take(&mut self.path).under(segment.clone());
        for child in &mut self.children {
            child.prefix(segment);
        }
    }

    fn or_missing(mut self, subject: Subject<'_>) -> Self {
        if subject.value.is_none() && subject.raw.is_none() {
            self.kind = MismatchKind::Missing;
        }
        self
    }
}

/// How much of a payload that does not decode is shown, in characters.
const UNDECODABLE_CHARS: usize = 200;

/// A condition on a value. See [`functions`] for those that come with Choreo.
///
/// ```
/// use choreo::matcher::{Matcher, Mismatch, Subject, Verdict};
///
/// struct Even;
///
/// impl Matcher for Even {
///     fn describe(&self) -> String {
///         "an even number".to_owned()
///     }
///     fn check(&self, subject: Subject<'_>) -> Verdict {
///         let even = subject.value().and_then(|value| value.as_i64()).is_some_and(|number| number % 2 == 0);
///         even.then_some(()).ok_or_else(|| Mismatch::predicate(self.describe(), subject))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a matcher",
    label = "not a matcher",
    note = "after `=>` goes a value that implements `choreo::matcher::Matcher`; for a plain value write it without `=>`, an expression in parentheses"
)]
pub trait Matcher: Send + Sync {
    /// What it wants, as a noun phrase: it stands after "expected".
    fn describe(&self) -> String;

    /// Whether the subject has it, and if not, where and why.
    fn check(&self, subject: Subject<'_>) -> Verdict;
}

/// A whole-message pattern with the type that a match gives: a [`Value`] for dynamic patterns, the
/// user's type for typed ones.
pub trait MessagePattern: Send + Sync + 'static {
    /// What a matched message becomes.
    type Message: Send + Sync + 'static;

    /// What it wants, as a noun phrase: it stands after "expected".
    fn describe(&self) -> String;

    /// The message, or how it differs. The subject comes from [`Subject::message`].
    fn check(&self, subject: Subject<'_>) -> Result<Self::Message, Mismatch>;

    /// The pattern whose captures a handle gives, if it is one of the pattern language.
    fn as_pattern(&self) -> Option<&Pattern> {
        None
    }

    /// What it wants as JSON text, if it is written down so.
    #[doc(hidden)]
    fn shape_text(&self) -> Option<&str> {
        None
    }

    /// The snapshot that it is, which has work to do when the scenario ends.
    #[cfg(feature = "insta")]
    #[doc(hidden)]
    fn as_snapshot(&self) -> Option<&snapshot::Snapshot> {
        None
    }

    /// The same for a subject that is kept: `None` instead of a copy, where the message is the decoded
    /// payload as it is.
    fn check_kept(&self, subject: Subject<'_>) -> Result<Option<Self::Message>, Mismatch> {
        self.check(subject).map(Some)
    }
}

impl<M: Matcher + ?Sized> Matcher for Box<M> {
    fn describe(&self) -> String {
        (**self).describe()
    }
    fn check(&self, subject: Subject<'_>) -> Verdict {
        (**self).check(subject)
    }
}

impl<M: Matcher + ?Sized> Matcher for std::sync::Arc<M> {
    fn describe(&self) -> String {
        (**self).describe()
    }
    fn check(&self, subject: Subject<'_>) -> Verdict {
        (**self).check(subject)
    }
}
