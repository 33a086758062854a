//! Conditions that are somebody else's: a closure's, a schema's.

#[cfg(feature = "json-schema")]
use std::fmt::Write as _;
use std::marker::PhantomData;

#[cfg(feature = "json-schema")]
use serde::Serialize;
use serde::de::DeserializeOwned;
#[cfg(feature = "json-schema")]
use serde_json::Value;

#[cfg(feature = "json-schema")]
use super::super::Segment;
#[cfg(feature = "json-schema")]
use super::super::bounded::bounded;
#[cfg(feature = "json-schema")]
use super::super::pattern::LISTED;
use super::super::{Actual, Matcher, Mismatch, Subject, Verdict, diff};
use super::{Pattern, matcher};
use crate::text::short_type_name;

/// How much of a value of another type is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// A value of type `T` for which the closure says yes; the description is a noun phrase and stands after
/// "expected". `=> satisfies("…", |value: &T| …)` in `expect!`.
///
/// `T` may be [`Value`](serde_json::Value); a value that does not decode as `T` is a difference of type.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let even = satisfies("an even number", |number: &i64| number % 2 == 0);
/// assert!(even.check(Subject::present(&json!(4))).is_ok());
/// assert_eq!(even.describe(), "an even number");
/// ```
#[must_use]
pub fn satisfies<T: DeserializeOwned + 'static>(
    description: impl Into<String>,
    condition: impl Fn(&T) -> bool + Send + Sync + 'static,
) -> Pattern {
    matcher(Satisfies {
        description: description.into(),
        condition,
        value: PhantomData,
    })
}

struct Satisfies<T, F> {
    description: String,
    condition: F,
    value: PhantomData<fn(&T)>,
}

impl<T: DeserializeOwned, F: Fn(&T) -> bool + Send + Sync> Matcher for Satisfies<T, F> {
    fn describe(&self) -> String {
        self.description.clone()
    }

    fn check(&self, subject: Subject<'_>) -> Verdict {
        let Some(value) = subject.value() else {
            return Err(Mismatch::type_mismatch(self.describe(), subject));
        };
        match T::deserialize(value) {
            Ok(value) if (self.condition)(&value) => Ok(()),
            Ok(_) => Err(Mismatch::predicate(self.describe(), subject)),
            Err(error) => {
                let mut mismatch = Mismatch::type_mismatch(self.describe(), subject);
                mismatch.actual = Actual::Text(format!(
                    "a value that does not decode as `{}` ({error}): {}",
                    short_type_name::<T>(),
                    diff::render_actual(&subject.actual(), SHOWN_CHARS)
                ));
                Err(mismatch)
            }
        }
    }
}

/// A message or value that is valid by this JSON Schema; its drafts 4 to 2020-12 are told apart by `$schema`.
/// `=> matchers::json_schema(schema)` in `expect!`.
///
/// References stay inside the schema: nothing is read from files or from the network. A schema that is
/// none matches nothing, and the mismatch says why.
///
/// ```
/// # use choreo::{matcher::{Matcher, Subject}, matchers::*};
/// # use serde_json::json;
/// let order = json_schema(json!({
///     "type": "object",
///     "required": ["count"],
///     "properties": { "count": { "type": "integer", "minimum": 1 } },
/// }));
/// assert!(order.check(Subject::present(&json!({ "count": 1 }))).is_ok());
///
/// let mismatch = order.check(Subject::present(&json!({ "count": 0 }))).unwrap_err();
/// assert_eq!(mismatch.children[0].path.to_string(), "count");
/// ```
#[cfg(feature = "json-schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "json-schema")))]
#[must_use]
pub fn json_schema(schema: impl Serialize) -> Pattern {
    super::with_value(schema, |schema| match jsonschema::validator_for(&schema) {
        Ok(validator) => matcher(Schema {
            title: schema
                .get("title")
                .and_then(Value::as_str)
                .map(str::to_owned),
            validator,
        }),
        Err(error) => Pattern::broken(format!(
            "a value that is valid by a JSON Schema, but the schema itself is not: {error}"
        )),
    })
}

#[cfg(feature = "json-schema")]
struct Schema {
    title: Option<String>,
    validator: jsonschema::Validator,
}

#[cfg(feature = "json-schema")]
impl Matcher for Schema {
    fn describe(&self) -> String {
        match &self.title {
            Some(title) => format!("a value that is valid by the JSON Schema {title:?}"),
            None => "a value that is valid by its JSON Schema".to_owned(),
        }
    }

    fn check(&self, subject: Subject<'_>) -> Verdict {
        let Some(value) = subject.value() else {
            return Err(Mismatch::type_mismatch(self.describe(), subject));
        };
        let mut found = Vec::new();
        for error in self.validator.iter_errors(value).take(LISTED) {
            let place = error.instance();
            let expected = bounded(SHOWN_CHARS, |out| {
                write!(out, "valid by {} ({error})", error.schema_path())
            });
            let mut difference = Mismatch::predicate(expected, Subject::present(place));
            let way: Vec<_> = error.instance_path().iter().map(segment).collect();
            difference.path = way.into_iter().collect();
            found.push(difference);
        }
        if found.is_empty() {
            return Ok(());
        }
        let actual = Actual::Value(value.clone());
        Err(Mismatch::all(self.describe(), actual, found))
    }
}

#[cfg(feature = "json-schema")]
fn segment(segment: jsonschema::paths::LocationSegment<'_>) -> Segment {
    match segment {
        jsonschema::paths::LocationSegment::Property(key) => Segment::Key(key.into_owned()),
        jsonschema::paths::LocationSegment::Index(index) => Segment::Index(index),
    }
}
