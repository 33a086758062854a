//! What typed patterns (`Type { field: p, .. }`) run on.
//!
//! The macro writes one closure per pattern. It takes the message apart with a Rust pattern, so the
//! compiler checks fields and types, and calls one function of this module per condition. Each
//! reports to a [`Found`]; nothing stops at the first difference.
//!
//! Public for `__private` only; [`TypedPattern`] is what users see.

use std::fmt::{self, Debug, Formatter, Write};
use std::sync::Arc;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::bounded::bounded;
use super::{
    Actual, Matcher, MessagePattern, Mismatch, MismatchKind, Path, Segment, Subject, Verdict, diff,
};
use crate::message::Message;
use crate::text::short_type_name;

mod compare;
mod condition;
mod list;

#[doc(hidden)]
pub use compare::{ComparesTo, Direct, FromInteger, InOption, OrdersTo, Text};
#[doc(hidden)]
pub use condition::{
    NullableField, TextField, any_of, contains, eq, ge, gt, le, lt, ne, none, not, one_of,
    other_variant, other_variant_unseen, range, range_inclusive, regex, serialized,
};
#[doc(hidden)]
pub use list::{Element, LengthField, ListField, any, every, len, list};

/// How much of a value a difference shows, in characters.
const SHOWN_CHARS: usize = 200;

type Conditions<T> = dyn Fn(&T, &mut Found) + Send + Sync;

/// A pattern on a Rust type: `pattern!(Type { field: p, .. })`.
///
/// A message is decoded into the type first. One that does not decode is a
/// [`MismatchKind::TypeMismatch`] with the type's name and serde's reason.
pub struct TypedPattern<T> {
    description: &'static str,
    /// The same as JSON text.
    shape: &'static str,
    /// Kept as a function, so that a type that cannot be decoded is reported where the pattern is
    /// made, and there only.
    decode: fn(&Value) -> Result<T, serde_json::Error>,
    conditions: Arc<Conditions<T>>,
}

impl<T> Clone for TypedPattern<T> {
    fn clone(&self) -> Self {
        Self {
            description: self.description,
            shape: self.shape,
            decode: self.decode,
            conditions: Arc::clone(&self.conditions),
        }
    }
}

impl<T> Debug for TypedPattern<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "TypedPattern({})", self.description)
    }
}

/// A typed pattern from what the macro wrote.
#[doc(hidden)]
pub fn pattern<T>(
    description: &'static str,
    shape: &'static str,
    conditions: impl Fn(&T, &mut Found) + Send + Sync + 'static,
) -> TypedPattern<T>
where
    T: for<'de> Deserialize<'de> + Send + Sync + 'static,
{
    TypedPattern {
        description,
        shape,
        decode: |value| T::deserialize(value),
        conditions: Arc::new(conditions),
    }
}

/// Where messages of the pattern's type come from.
#[doc(hidden)]
pub fn topic<T: Message>(_: &TypedPattern<T>) -> &'static str {
    T::TOPIC
}

/// A regex that the macro has checked already.
///
/// # Panics
/// When the compiled regex would be larger than the `regex` crate allows.
#[doc(hidden)]
pub fn compiled(pattern: &str) -> Regex {
    match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(error) => panic!("the regex {pattern:?} of a pattern cannot be used: {error}"),
    }
}

impl<T> TypedPattern<T> {
    fn decode(&self, subject: Subject<'_>) -> Result<T, Mismatch> {
        let name = short_type_name::<T>();
        let Some(value) = subject.value else {
            return Err(Mismatch::type_mismatch(format!("a `{name}`"), subject));
        };
        (self.decode)(value).map_err(|error| {
            let mut mismatch = Mismatch::type_mismatch(format!("a `{name}`"), subject);
            mismatch.actual = Actual::Text(format!(
                "a value that does not decode as `{name}` ({error}): {}",
                diff::render_actual(&Actual::Value(value.clone()), SHOWN_CHARS)
            ));
            mismatch
        })
    }

    fn message(&self, subject: Subject<'_>) -> Result<T, Mismatch> {
        let message = self.decode(subject)?;
        let mut found = Found::default();
        (self.conditions)(&message, &mut found);
        if found.differences.is_empty() {
            return Ok(message);
        }
        let actual = Actual::Text(format!("a `{}` with other values", short_type_name::<T>()));
        Err(Mismatch::all(self.description, actual, found.differences))
    }
}

impl<T: Send + Sync + 'static> MessagePattern for TypedPattern<T> {
    type Message = T;

    fn describe(&self) -> String {
        self.description.to_owned()
    }

    fn check(&self, subject: Subject<'_>) -> Result<T, Mismatch> {
        self.message(subject)
    }

    fn shape_text(&self) -> Option<&str> {
        Some(self.shape)
    }
}

impl<T: Send + Sync + 'static> Matcher for TypedPattern<T> {
    fn describe(&self) -> String {
        self.description.to_owned()
    }

    fn check(&self, subject: Subject<'_>) -> Verdict {
        self.message(subject).map(drop)
    }
}

/// The differences found so far, and where in the message the next one is.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Found {
    place: Vec<Segment>,
    differences: Vec<Mismatch>,
}

impl Found {
    /// Goes into a field.
    pub fn enter_key(&mut self, key: &str) {
        self.place.push(Segment::from(key));
    }

    /// Goes into an element of a list, or a part of a tuple.
    pub fn enter_index(&mut self, index: usize) {
        self.place.push(Segment::from(index));
    }

    /// Goes back to what holds this value.
    pub fn leave(&mut self) {
        self.place.pop();
    }

    /// A collector of its own, at the same place.
    fn apart(&self) -> Self {
        Self {
            place: self.place.clone(),
            differences: Vec::new(),
        }
    }

    /// The differences that `conditions` report, at the same place.
    fn probe(&self, conditions: impl FnOnce(&mut Self)) -> Vec<Mismatch> {
        let mut apart = self.apart();
        conditions(&mut apart);
        apart.differences
    }

    fn path(&self) -> Path {
        self.place.iter().cloned().collect()
    }

    fn report(&mut self, kind: MismatchKind, expected: impl Into<String>, actual: Actual) {
        let mut mismatch = Mismatch::new(kind, expected, Subject::absent());
        mismatch.actual = actual;
        mismatch.path = self.path();
        self.differences.push(mismatch);
    }

    /// Several differences as one; their paths are complete already.
    fn report_composed(&mut self, mismatch: Mismatch) {
        self.differences.push(Mismatch {
            path: self.path(),
            ..mismatch
        });
    }
}

/// A value as a difference shows it.
fn shown(value: &(impl Debug + ?Sized)) -> Actual {
    Actual::Text(debugged(value))
}

fn debugged(value: &(impl Debug + ?Sized)) -> String {
    bounded(SHOWN_CHARS, |out| write!(out, "{value:?}"))
}

/// A JSON value of anything that serializes.
fn to_value(value: &(impl serde::Serialize + ?Sized)) -> Result<Value, serde_json::Error> {
    serde_json::to_value(value)
}

#[cfg(test)]
mod tests;
