//! `capture name`, `capture name: Type`: values that a match leaves behind.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::{Actual, Mismatch, Subject, Verdict};
use super::{Kind, ListItem, Pattern, list};
use crate::matcher::diff;
use crate::text::short_type_name;

/// How much of a value of another type is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// The name of a value, and what it must be read as.
pub(crate) struct Capture {
    pub(crate) name: Arc<str>,
    reads: Option<Reads>,
}

struct Reads {
    type_name: String,
    check: fn(&Value) -> Result<(), String>,
}

impl Capture {
    pub(crate) fn any(name: String) -> Pattern {
        Pattern::new(Kind::Capture(Self {
            name: name.into(),
            reads: None,
        }))
    }

    pub(crate) fn typed<T: DeserializeOwned>(name: String) -> Pattern {
        let reads = Reads {
            type_name: short_type_name::<T>(),
            check: |value| match T::deserialize(value) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
        };
        Pattern::new(Kind::Capture(Self {
            name: name.into(),
            reads: Some(reads),
        }))
    }

    /// The type that it must be read as.
    pub(crate) fn type_name(&self) -> Option<&str> {
        self.reads.as_ref().map(|reads| reads.type_name.as_str())
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(value) = subject.value else {
            return Err(Mismatch::predicate(pattern.description(), subject));
        };
        let Some(reads) = &self.reads else {
            return Ok(());
        };
        (reads.check)(value).map_err(|error| {
            let mut mismatch = Mismatch::type_mismatch(pattern.description(), subject);
            mismatch.actual = Actual::Text(format!(
                "a value that does not decode as `{}` ({error}): {}",
                reads.type_name,
                diff::render_actual(&subject.actual(), SHOWN_CHARS)
            ));
            mismatch
        })
    }
}

/// The names in a pattern, in order.
#[derive(Clone, Default)]
pub(super) struct Names(Option<Arc<[Arc<str>]>>);

impl Names {
    /// The names of a form, or why they cannot be together.
    pub(super) fn of(kind: &Kind) -> Result<Self, String> {
        if let Kind::Capture(capture) = kind {
            return Ok(Self(Some(Arc::from([Arc::clone(&capture.name)]))));
        }
        let alternatives = matches!(kind, Kind::AnyOf(_) | Kind::OneOf(_));
        let none = match kind {
            Kind::Not(_) => Some("what is under `!` never matches"),
            Kind::Every(_) => Some("under `every` it would have many values"),
            Kind::Len(_) => Some("a length is no value of the message"),
            _ => None,
        };
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut problem = None;
        kind.for_each_part(&mut |_, part| {
            for name in part.captures() {
                if let Some(why) = none {
                    problem = Some(format!("`capture {name}`, but {why}"));
                } else if !names.contains(name) {
                    names.push(Arc::clone(name));
                } else if !alternatives {
                    problem = Some(format!("`capture {name}`, but that name is taken"));
                }
            }
        });
        match problem {
            Some(problem) => Err(problem),
            None if names.is_empty() => Ok(Self(None)),
            None => Ok(Self(Some(names.into()))),
        }
    }

    pub(super) fn all(&self) -> &[Arc<str>] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// The value of a name in a message that the pattern accepts. Nothing when the name is in an
/// alternative that did not match.
pub(super) fn find(pattern: &Pattern, name: &str, subject: Subject<'_>) -> Option<Value> {
    if !pattern.captures().iter().any(|other| &**other == name) {
        return None;
    }
    let value = subject.value?;
    let inside = |part: &Pattern, value: &Value| find(part, name, Subject::present(value));
    match &*pattern.kind {
        Kind::Capture(_) => Some(value.clone()),
        Kind::Object(object) => object
            .fields()
            .iter()
            .find_map(|(key, part)| inside(part, value.get(key)?)),
        Kind::List(items) => {
            let values = value.as_array()?;
            list::places(items, values, pattern)
                .into_iter()
                .find_map(|(index, item)| match item {
                    ListItem::One(part) => inside(part, values.get(index)?),
                    ListItem::Rest => None,
                })
        }
        Kind::Unordered(unordered) => {
            let values = value.as_array()?;
            let taken = unordered.assign(values);
            let mut parts = unordered.parts.iter().zip(taken);
            parts.find_map(|(part, index)| inside(part, values.get(index?)?))
        }
        Kind::Any(part) => {
            let mut values = value.as_array()?.iter();
            let first = values.find(|value| part.verdict(Subject::present(value)).is_ok())?;
            inside(part, first)
        }
        Kind::AnyOf(parts) | Kind::OneOf(parts) => {
            let part = parts.iter().find(|part| part.verdict(subject).is_ok())?;
            find(part, name, subject)
        }
        Kind::AllOf(parts) => parts.iter().find_map(|part| find(part, name, subject)),
        Kind::At(at) => inside(&at.part, at.find(value).0?),
        #[cfg(feature = "json-path")]
        Kind::JsonPath(path) => inside(&path.part, &path.found(value)),
        _ => None,
    }
}
