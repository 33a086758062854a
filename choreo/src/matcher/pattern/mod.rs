//! The dynamic pattern language: conditions on JSON-shaped messages, as data.
//!
//! [`Pattern`] is a tree of [`Kind`]s; each family of forms has a file of its own. How text is
//! parsed into patterns is no concern of this module.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use bytes::Bytes;
use regex::Regex;
use serde_json::Value;

use super::bounded::bounded;
use super::{
    Actual, Matcher, MessagePattern, Mismatch, MismatchKind, Path, Segment, Subject, Verdict,
};
use crate::value;

mod capture;
mod collect;
mod comparison;
mod describe;
mod equality;
#[cfg(feature = "json-path")]
mod json_path;
mod lapse;
mod list;
mod logic;
mod near;
mod object;
mod pointer;
mod presence;
mod quantifier;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod unordered;

pub(crate) use capture::Capture;
use capture::Names;
#[cfg(feature = "json-schema")]
pub(crate) use collect::LISTED;
pub(crate) use comparison::{Comparison, Order, Range};
#[cfg(feature = "json-path")]
pub(crate) use json_path::JsonPath;
pub(crate) use lapse::Lapse;
pub(crate) use near::Approx;
pub(crate) use object::Object;
pub(crate) use pointer::At;
pub(crate) use shape::{Shape, Shaper, condition};
pub(crate) use text::{Part, Text};
pub use time::Timestamp;
pub(crate) use time::{Moment, Relation};
pub(crate) use unordered::Unordered;

/// How deep patterns may be nested. JSON text decodes to 128 levels, and each may carry a `!` or
/// a `&` of its own; what is checked goes no deeper than its pattern, so this bounds the stack.
pub(crate) const MAX_DEPTH: usize = 256;

/// How much a description shows, in characters.
const DESCRIPTION_CHARS: usize = 400;

/// A condition on a JSON-shaped message or on a value inside one, as `expect!` and `pattern!`
/// write it and the functions in [`choreo::matchers`](crate::matchers) build it.
///
/// Cheap to clone. Nesting is limited to 256 levels, so that no payload can exhaust the stack;
/// a pattern that is deeper matches nothing and says so.
///
/// As a [`MessagePattern`] it gives the decoded message as a [`Value`]. If the codec could not
/// decode the payload and the pattern still accepts it (`bytes`, `contains`, `anything`), that
/// is a [`Value::String`] with the payload as text, U+FFFD where it is no UTF-8.
///
/// ```
/// use choreo::matcher::{Matcher, Subject};
/// use choreo::matchers::{eq, gt, object};
/// use serde_json::json;
///
/// let pattern = object([("status", eq("COMPLETED")), ("count", gt(0))]);
/// assert!(pattern.check(Subject::present(&json!({ "status": "COMPLETED", "count": 3 }))).is_ok());
///
/// let mismatch = pattern
///     .check(Subject::present(&json!({ "status": "COMPLETED", "count": 0 })))
///     .expect_err("0 is not greater than 0");
/// assert_eq!(mismatch.children[0].path.to_string(), "count");
/// assert_eq!(mismatch.children[0].expected, "> 0");
/// ```
#[derive(Clone)]
pub struct Pattern {
    kind: Arc<Kind>,
    depth: usize,
    /// What it captures.
    names: Names,
}

/// One element of a list pattern.
#[derive(Debug, Clone)]
pub enum ListItem {
    /// An element that looks like this.
    One(Pattern),
    /// `..`: any number of elements, also none.
    Rest,
}

impl From<Pattern> for ListItem {
    fn from(pattern: Pattern) -> Self {
        Self::One(pattern)
    }
}

/// The forms of the language.
pub(crate) enum Kind {
    /// `literal`, `(expr)`, `null`
    Equal(Value),
    /// `!= e`
    NotEqual(Value),
    /// `> e` and its like
    Comparison(Comparison),
    /// `a..b`, `a..=b`
    Range(Range),
    /// `=~ r"…"`
    Regex(Regex),
    /// `in [a, b]`
    OneOf(Vec<Pattern>),
    /// `_`
    Present,
    /// `absent`
    Absent,
    /// `{ k: p, .. }`, `{ k: p; exact }`
    Object(Object),
    /// `[p, .., q]`
    List(Vec<ListItem>),
    /// `every p`
    Every(Pattern),
    /// `any p`
    Any(Pattern),
    /// `len p`
    Len(Pattern),
    /// `p & q`
    AllOf(Vec<Pattern>),
    /// `p | q`
    AnyOf(Vec<Pattern>),
    /// `!p`
    Not(Pattern),
    /// `bytes b"…"`
    Bytes(Bytes),
    /// `contains "…"`, `prefix "…"`, `suffix "…"`, `ignore_case …`
    Text(Text),
    /// `approx e +- e`
    Approx(Approx),
    /// `approx 250ms +- 20ms`
    Lapse(Lapse),
    /// `before e`, `after e`, `approx e +- 5s`
    Moment(Moment),
    /// `unordered [p, q]`
    Unordered(Unordered),
    /// `at "/a/b" p`
    At(At),
    /// `path "$.a[*]" p`
    #[cfg(feature = "json-path")]
    JsonPath(JsonPath),
    /// `capture name`
    Capture(Capture),
    /// `=> matcher`
    Custom(Arc<dyn Matcher>),
    /// No pattern at all.
    Anything,
    /// What is not a condition: matches nothing, also under `!`, and says why. `path` is its
    /// place in the pattern.
    Broken { path: Path, why: String },
}

impl Pattern {
    /// A pattern of this form; broken if a part of it is, or if it is too deep.
    pub(crate) fn new(kind: Kind) -> Self {
        let mut deepest = match &kind {
            Kind::Equal(value) | Kind::NotEqual(value) => value::depth(value, MAX_DEPTH + 1) - 1,
            _ => 0,
        };
        let mut broken = None;
        kind.for_each_part(&mut |segment, part| {
            deepest = deepest.max(part.depth);
            if let (Kind::Broken { path, why }, None) = (&*part.kind, &broken) {
                let path = path.clone();
                let path = segment.map_or(path.clone(), |segment| path.under(segment));
                broken = Some(Kind::Broken {
                    path,
                    why: why.clone(),
                });
            }
        });
        if let Some(broken) = broken {
            return Self {
                kind: Arc::new(broken),
                depth: 1,
                names: Names::default(),
            };
        }
        let names = match Names::of(&kind) {
            Ok(names) => names,
            Err(why) => return Self::broken(why),
        };
        if deepest >= MAX_DEPTH {
            return Self::broken(format!("a pattern nested deeper than {MAX_DEPTH} levels"));
        }
        Self {
            kind: Arc::new(kind),
            depth: deepest + 1,
            names,
        }
    }

    /// A pattern that matches nothing because it makes no sense; `why` stands after "expected".
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        let kind = Kind::Broken {
            path: Path::root(),
            why: why.into(),
        };
        Self {
            kind: Arc::new(kind),
            depth: 1,
            names: Names::default(),
        }
    }

    /// The names that it captures.
    pub(crate) fn captures(&self) -> &[Arc<str>] {
        self.names.all()
    }

    /// The value of a name in a message that the pattern accepts.
    pub(crate) fn captured(&self, name: &str, subject: Subject<'_>) -> Option<Value> {
        capture::find(self, name, subject)
    }

    /// The conditions on an object, if it is one that is wanted.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        match &*self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether both stand for one value, and for the same.
    pub(crate) fn is_same_value(&self, other: &Self) -> bool {
        match (&*self.kind, &*other.kind) {
            (Kind::Equal(one), Kind::Equal(other)) => value::equal(one, other),
            (Kind::Bytes(one), Kind::Bytes(other)) => one == other,
            _ => false,
        }
    }

    fn description(&self) -> String {
        bounded(DESCRIPTION_CHARS, |out| describe::write(self, out))
    }

    fn verdict(&self, subject: Subject<'_>) -> Verdict {
        if subject.undecodable.is_some() && self.kind.reads_value() {
            return Err(Mismatch::type_mismatch(self.description(), subject));
        }
        match &*self.kind {
            Kind::Equal(value) => equality::equal(value, subject),
            Kind::NotEqual(value) => equality::not_equal(value, subject, self),
            Kind::Comparison(comparison) => comparison.check(subject, self),
            Kind::Range(range) => range.check(subject, self),
            Kind::Regex(regex) => text::regex(regex, subject, self),
            Kind::OneOf(patterns) => logic::one_of(patterns, subject, self),
            Kind::Present => presence::present(subject),
            Kind::Absent => presence::absent(subject),
            Kind::Object(object) => object.check(subject, self),
            Kind::List(items) => list::check(items, subject, self),
            Kind::Every(pattern) => quantifier::every(pattern, subject, self),
            Kind::Any(pattern) => quantifier::any(pattern, subject, self),
            Kind::Len(pattern) => quantifier::len(pattern, subject, self),
            Kind::AllOf(patterns) => logic::all_of(patterns, subject, self),
            Kind::AnyOf(patterns) => logic::any_of(patterns, subject, self),
            Kind::Not(pattern) => logic::not(pattern, subject, self),
            Kind::Bytes(bytes) => text::bytes(bytes, subject, self),
            Kind::Text(text) => text.check(subject, self),
            Kind::Approx(approx) => approx.check(subject, self),
            Kind::Lapse(lapse) => lapse.check(subject, self),
            Kind::Moment(moment) => moment.check(subject, self),
            Kind::Unordered(unordered) => unordered.check(subject, self),
            Kind::At(at) => at.check(subject, self),
            #[cfg(feature = "json-path")]
            Kind::JsonPath(path) => path.check(subject, self),
            Kind::Capture(capture) => capture.check(subject, self),
            Kind::Custom(matcher) => matcher.check(subject),
            Kind::Anything => Ok(()),
            Kind::Broken { path, why } => {
                let mut mismatch = Mismatch::new(MismatchKind::Mismatch, why, subject);
                mismatch.path = path.clone();
                mismatch.actual = Actual::Text("a message that was not looked at".to_owned());
                Err(mismatch)
            }
        }
    }

    /// Whether the answer may depend on the decoded value. A matcher of the user's may well.
    fn needs_value(&self) -> bool {
        let mut needs = self.kind.reads_value() || matches!(&*self.kind, Kind::Custom(_));
        if let Kind::OneOf(_) | Kind::AllOf(_) | Kind::AnyOf(_) | Kind::Not(_) = &*self.kind {
            self.kind
                .for_each_part(&mut |_, part| needs |= part.needs_value());
        }
        needs
    }
}

impl Kind {
    /// Whether this form looks at the decoded value itself, instead of at the payload's bytes or
    /// through its parts.
    fn reads_value(&self) -> bool {
        match self {
            Self::Equal(_)
            | Self::NotEqual(_)
            | Self::Comparison(_)
            | Self::Range(_)
            | Self::Regex(_)
            | Self::Present
            | Self::Absent
            | Self::Object(_)
            | Self::List(_)
            | Self::Every(_)
            | Self::Any(_)
            | Self::Len(_)
            | Self::Approx(_)
            | Self::Lapse(_)
            | Self::Moment(_)
            | Self::Unordered(_)
            | Self::At(_)
            | Self::Capture(_) => true,
            #[cfg(feature = "json-path")]
            Self::JsonPath(_) => true,
            Self::OneOf(_)
            | Self::AllOf(_)
            | Self::AnyOf(_)
            | Self::Not(_)
            | Self::Bytes(_)
            | Self::Text(_)
            | Self::Custom(_)
            | Self::Anything
            | Self::Broken { .. } => false,
        }
    }

    /// The patterns that this one is made of, with the step into the value where there is one.
    fn for_each_part(&self, visit: &mut dyn FnMut(Option<Segment>, &Pattern)) {
        match self {
            Self::Object(object) => {
                for (key, part) in object.fields() {
                    visit(Some(Segment::Key(key.clone())), part);
                }
            }
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let ListItem::One(part) = item {
                        visit(Some(Segment::Index(index)), part);
                    }
                }
            }
            Self::OneOf(parts)
            | Self::AllOf(parts)
            | Self::AnyOf(parts)
            | Self::Unordered(Unordered { parts, .. }) => {
                for part in parts {
                    visit(None, part);
                }
            }
            Self::Every(part) | Self::Any(part) | Self::Len(part) | Self::Not(part) => {
                visit(None, part);
            }
            Self::At(at) => visit(None, &at.part),
            #[cfg(feature = "json-path")]
            Self::JsonPath(path) => visit(None, &path.part),
            Self::Equal(_)
            | Self::NotEqual(_)
            | Self::Comparison(_)
            | Self::Range(_)
            | Self::Regex(_)
            | Self::Present
            | Self::Absent
            | Self::Bytes(_)
            | Self::Text(_)
            | Self::Approx(_)
            | Self::Lapse(_)
            | Self::Moment(_)
            | Self::Capture(_)
            | Self::Custom(_)
            | Self::Anything
            | Self::Broken { .. } => {}
        }
    }
}

impl Debug for Pattern {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Pattern")
            .field(&format_args!("{}", self.description()))
            .finish()
    }
}

impl Matcher for Pattern {
    fn describe(&self) -> String {
        self.description()
    }

    fn check(&self, subject: Subject<'_>) -> Verdict {
        self.verdict(subject)
    }
}

impl MessagePattern for Pattern {
    type Message = Value;

    fn as_pattern(&self) -> Option<&Pattern> {
        Some(self)
    }

    fn describe(&self) -> String {
        self.description()
    }

    fn check(&self, subject: Subject<'_>) -> Result<Value, Mismatch> {
        self.verdict(subject)?;
        Ok(match (subject.value, subject.raw) {
            (Some(value), _) => value.clone(),
            (None, Some(raw)) => Value::String(String::from_utf8_lossy(raw).into_owned()),
            (None, None) => Value::Null,
        })
    }

    fn check_kept(&self, subject: Subject<'_>) -> Result<Option<Value>, Mismatch> {
        if subject.value.is_some() {
            return self.verdict(subject).map(|()| None);
        }
        MessagePattern::check(self, subject).map(Some)
    }
}
