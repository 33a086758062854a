//! Patterns as JSON data, for reports and the programs that read them.
//!
//! A value stands for itself, an object for an object with at least these fields, a list for a list of just
//! these elements. Every other condition is an object of its own, such as `{"gt": 5}`. All of them are listed
//! where reports have them, at `choreo_report::model::Handle::expected`.

use std::fmt::{self, Write as _};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::Matcher;
use super::super::bounded::{Bounded, bounded};
use super::time::{Moment, Relation};
use super::{Capture, Kind, ListItem, Object, Order, Part, Pattern, Range, Text, describe};
use crate::value;

/// How much of a pattern there is in a shape, in characters.
const CHARS: usize = 4000;
/// How much stands for a part that is left out, in characters.
const CUT_CHARS: usize = 80;
/// What a condition costs beside its texts, in characters.
const CONDITION_CHARS: usize = 4;
/// How deep patterns are followed. Each level may be three of JSON, and readers of reports stop at 128.
const MAX_DEPTH: usize = 24;

/// The names of conditions. An object of the user's that has these names and no other is written so that it
/// cannot be taken for one.
const FORMS: &[&[&str]] = &[
    &["eq"],
    &["ne"],
    &["gt"],
    &["ge"],
    &["lt"],
    &["le"],
    &["ge", "lt"],
    &["ge", "le"],
    &["in"],
    &["matches"],
    &["exists"],
    &["object"],
    &["exact"],
    &["rest"],
    &["unordered"],
    &["every"],
    &["any_element"],
    &["len"],
    &["all_of"],
    &["any_of"],
    &["not"],
    &["contains"],
    &["prefix"],
    &["suffix"],
    &["eq", "ignore_case"],
    &["contains", "ignore_case"],
    &["prefix", "ignore_case"],
    &["suffix", "ignore_case"],
    &["approx", "tolerance"],
    &["before"],
    &["after"],
    &["at"],
    &["path"],
    &["capture"],
    &["capture", "type"],
    &["payload_text"],
    &["payload_hex"],
    // Of the Python tool.
    &["payload_contains_hex"],
    &["payload", "headers"],
    &["payload", "key"],
    &["payload", "metadata"],
    &["payload", "headers", "key"],
    &["payload", "headers", "metadata"],
    &["payload", "key", "metadata"],
    &["payload", "headers", "key", "metadata"],
    &["matcher"],
    &["anything"],
    &["broken"],
    &["cut"],
];

/// What a message must look like, as data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) value: Value,
    /// Parts are left out, with `{"cut": …}` in their place.
    pub(crate) is_cut: bool,
}

impl Shape {
    /// The shape that `write` writes, if it writes one.
    pub(crate) fn written(write: impl FnOnce(&mut Shaper) -> Option<Value>) -> Option<Self> {
        let mut shaper = Shaper {
            left: CHARS,
            depth: 0,
            is_cut: false,
        };
        let value = match write(&mut shaper)? {
            // A report without a shape has null there.
            Value::Null => condition("eq", Value::Null),
            value => value,
        };
        Some(Self {
            value,
            is_cut: shaper.is_cut,
        })
    }
}

/// Writes shapes until they are large enough.
#[derive(Debug)]
pub(crate) struct Shaper {
    /// Characters that may still be written.
    left: usize,
    depth: usize,
    is_cut: bool,
}

/// A condition with one operand.
pub(crate) fn condition(name: &str, operand: impl Into<Value>) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), operand.into())]))
}

fn conditions(all: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    all.into_iter()
        .map(|(name, operand)| (name.to_owned(), operand))
        .collect()
}

impl Shaper {
    pub(crate) fn pattern(&mut self, pattern: &Pattern) -> Value {
        if self.depth == MAX_DEPTH || !self.take(CONDITION_CHARS) {
            return self.cut(|out| describe::write(pattern, out));
        }
        self.depth += 1;
        let shape = self.kind(&pattern.kind);
        self.depth -= 1;
        shape
    }

    /// A shape that a macro has written; none if it is no JSON.
    pub(crate) fn written(&mut self, text: &str) -> Option<Value> {
        let shape = serde_json::from_str(text).ok()?;
        Some(self.value(&without_needless_words(shape)))
    }

    /// A condition of which there are only words.
    pub(crate) fn opaque(&mut self, description: &str) -> Value {
        condition("matcher", self.text(description))
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            // An object by itself is one with further fields.
            Kind::Equal(value @ (Value::Object(_) | Value::Array(_))) => {
                condition("eq", self.value(value))
            }
            Kind::Equal(value) => self.value(value),
            Kind::NotEqual(value) => condition("ne", self.value(value)),
            Kind::Comparison(comparison) => {
                let name = match comparison.order {
                    Order::Gt => "gt",
                    Order::Ge => "ge",
                    Order::Lt => "lt",
                    Order::Le => "le",
                };
                condition(name, self.value(&comparison.operand))
            }
            Kind::Range(range) => self.range(range),
            Kind::Regex(regex) => condition("matches", self.text(regex.as_str())),
            Kind::OneOf(parts) => condition("in", self.list(parts, Self::pattern)),
            Kind::Present => condition("exists", true),
            Kind::Absent => condition("exists", false),
            Kind::Object(object) => self.object(object),
            Kind::List(items) => self.list(items, Self::item).into(),
            Kind::Every(part) => condition("every", self.pattern(part)),
            Kind::Any(part) => condition("any_element", self.pattern(part)),
            Kind::Len(part) => condition("len", self.pattern(part)),
            Kind::Not(part) => condition("not", self.pattern(part)),
            Kind::AllOf(parts) if parts.is_empty() => condition("anything", true),
            Kind::AllOf(parts) => condition("all_of", self.list(parts, Self::pattern)),
            Kind::AnyOf(parts) => condition("any_of", self.list(parts, Self::pattern)),
            Kind::Bytes(bytes) => self.payload(bytes),
            Kind::Text(text) => self.text_condition(text),
            Kind::Approx(approx) => conditions([
                ("approx", approx.value.clone().into()),
                ("tolerance", approx.tolerance.clone().into()),
            ]),
            Kind::Lapse(lapse) => conditions([
                ("approx", format!("{:?}", lapse.value).into()),
                ("tolerance", format!("{:?}", lapse.tolerance).into()),
            ]),
            Kind::Moment(moment) => moment_condition(moment),
            Kind::Unordered(unordered) => {
                let mut parts = self.list(&unordered.parts, Self::pattern);
                if unordered.open {
                    parts.push(rest());
                }
                condition("unordered", parts)
            }
            Kind::At(at) => condition("at", self.addressed(at.pointer(), &at.part)),
            #[cfg(feature = "json-path")]
            Kind::JsonPath(path) => condition("path", self.addressed(path.text(), &path.part)),
            Kind::Capture(capture) => self.capture(capture),
            Kind::Custom(matcher) => self.opaque(&matcher.describe()),
            Kind::Anything => condition("anything", true),
            Kind::Broken { why, .. } => condition("broken", self.text(why)),
        }
    }

    fn range(&mut self, range: &Range) -> Value {
        let low = self.value(&range.low);
        let high = self.value(&range.high);
        conditions([
            ("ge", low),
            (if range.inclusive { "le" } else { "lt" }, high),
        ])
    }

    fn item(&mut self, item: &ListItem) -> Value {
        match item {
            ListItem::One(part) => self.pattern(part),
            ListItem::Rest => rest(),
        }
    }

    fn object(&mut self, object: &Object) -> Value {
        let fields = object.fields();
        let mut shapes = Map::new();
        let mut further = Vec::new();
        for (index, (name, field)) in fields.iter().enumerate() {
            if self.left == 0 || !self.take(name.chars().count()) {
                further.push(self.more(fields.len() - index));
                break;
            }
            let shape = self.pattern(field);
            if shapes.contains_key(name) {
                further.push(subset(Map::from_iter([(name.clone(), shape)])));
            } else {
                shapes.insert(name.clone(), shape);
            }
        }
        let shape = if object.is_exact() {
            condition("exact", shapes)
        } else {
            subset(shapes)
        };
        if further.is_empty() {
            return shape;
        }
        further.insert(0, shape);
        condition("all_of", further)
    }

    fn addressed(&mut self, address: &str, part: &Pattern) -> Value {
        if self.left > 0 && self.take(address.chars().count()) {
            condition(address, self.pattern(part))
        } else {
            self.cut(|out| out.write_str(address))
        }
    }

    fn capture(&mut self, capture: &Capture) -> Value {
        let name = self.text(&capture.name);
        match capture.type_name() {
            None => condition("capture", name),
            Some(type_name) => conditions([("capture", name), ("type", self.text(type_name))]),
        }
    }

    fn text_condition(&mut self, text: &Text) -> Value {
        let name = match text.part {
            Part::Whole => "eq",
            Part::Inside => "contains",
            Part::Prefix => "prefix",
            Part::Suffix => "suffix",
        };
        let operand = self.text(&text.text);
        if text.ignores_case() {
            conditions([(name, operand), ("ignore_case", true.into())])
        } else {
            condition(name, operand)
        }
    }

    fn payload(&mut self, bytes: &Bytes) -> Value {
        match std::str::from_utf8(bytes) {
            Ok(text) => condition("payload_text", self.text(text)),
            Err(_) => {
                let hex = data_encoding::HEXLOWER.encode(bytes);
                condition("payload_hex", self.text(&hex))
            }
        }
    }

    /// The elements, as many as there is room for.
    pub(crate) fn list<T>(
        &mut self,
        parts: &[T],
        write: impl Fn(&mut Self, &T) -> Value,
    ) -> Vec<Value> {
        let mut written = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if self.left == 0 {
                written.push(self.more(parts.len() - index));
                break;
            }
            written.push(write(self, part));
        }
        written
    }

    fn value(&mut self, value: &Value) -> Value {
        let text = bounded(self.left + 1, |out| write!(out, "{value}"));
        if text.chars().count() <= self.left && value::depth(value, MAX_DEPTH + 1) <= MAX_DEPTH {
            self.left -= text.chars().count();
            return value.clone();
        }
        self.cut(|out| write!(out, "{value}"))
    }

    fn text(&mut self, text: &str) -> Value {
        self.value(&Value::from(text))
    }

    /// Stands for what there is no room for: its beginning.
    fn cut(&mut self, write: impl FnOnce(&mut Bounded) -> fmt::Result) -> Value {
        self.is_cut = true;
        let text = bounded(CUT_CHARS, write);
        self.take(text.chars().count());
        condition("cut", text)
    }

    fn more(&mut self, count: usize) -> Value {
        self.is_cut = true;
        condition("cut", format!("{count} more"))
    }

    /// Whether there was room for so many characters; if not, there is none for anything else.
    fn take(&mut self, chars: usize) -> bool {
        let rest = self.left.checked_sub(chars);
        self.left = rest.unwrap_or(0);
        rest.is_some()
    }
}

/// An object with at least these fields.
fn subset(fields: Map<String, Value>) -> Value {
    let is_condition = FORMS.iter().any(|form| {
        form.len() == fields.len() && form.iter().all(|name| fields.contains_key(*name))
    });
    if is_condition {
        return condition("object", fields);
    }
    fields.into()
}

/// Macros write every object as `{"object": {…}}`.
fn without_needless_words(shape: Value) -> Value {
    match shape {
        Value::Array(parts) => parts.into_iter().map(without_needless_words).collect(),
        Value::Object(mut parts) => {
            let inner = |(name, part)| (name, without_needless_words(part));
            let is_object = parts.len() == 1 && parts.get("object").is_some_and(Value::is_object);
            match parts.remove("object") {
                Some(Value::Object(fields)) if is_object => {
                    subset(fields.into_iter().map(inner).collect())
                }
                other => {
                    parts.extend(other.map(|part| ("object".to_owned(), part)));
                    parts.into_iter().map(inner).collect()
                }
            }
        }
        scalar => scalar,
    }
}

/// In a list: any number of further elements.
fn rest() -> Value {
    condition("rest", true)
}

fn moment_condition(moment: &Moment) -> Value {
    let time = moment.time();
    match moment.relation() {
        Relation::Before => condition("before", time),
        Relation::After => condition("after", time),
        Relation::Near(by) => {
            conditions([("approx", time), ("tolerance", format!("{by:?}").into())])
        }
    }
}
