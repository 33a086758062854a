//! Captured values: each name once, and only where a match leaves one value.

use std::collections::HashSet;

use crate::model::pattern::{Item, Pattern, Quantifier, TypedBody};
use crate::recover::Diagnostics;

/// Why nothing can be captured in a place.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    Envelope,
    Never,
    Set,
    Reply,
    Typed,
    Not,
    Every,
    Length,
}

impl Refusal {
    fn message(self) -> &'static str {
        match self {
            Self::Envelope => {
                "what is around the payload is not captured; `result[handle].envelope()` has it"
            }
            Self::Never => "a message that must not come leaves no value; write `_` here",
            Self::Set => {
                "a set has many messages; read `result[handle].messages()`, which are in the order of the \
                 patterns, and write `_` here"
            }
            Self::Reply => {
                "nobody asks a reply for what it captured; its closure gets the whole message: write `_` here"
            }
            Self::Typed => {
                "a typed message has its fields: read `result[handle].message()` and write `_` here"
            }
            Self::Not => {
                "what stands under `!` never matches, so it captures nothing; write `capture name & !…`"
            }
            Self::Every => {
                "under `every` it would have many values; write `any capture name`, or read \
                 `result[handle].message()`"
            }
            Self::Length => "a length is no value of the message; capture the list itself",
        }
    }
}

/// Reports captures that cannot be; each becomes [`Pattern::Broken`].
pub(crate) fn check(
    pattern: &mut Pattern,
    refusal: Option<Refusal>,
    diagnostics: &mut Diagnostics,
) {
    Checker {
        diagnostics,
        names: HashSet::new(),
    }
    .check(pattern, refusal);
}

struct Checker<'d> {
    diagnostics: &'d mut Diagnostics,
    names: HashSet<String>,
}

impl Checker<'_> {
    fn check(&mut self, pattern: &mut Pattern, refusal: Option<Refusal>) {
        match pattern {
            Pattern::Capture { keyword, name, .. } => {
                if let Some(refusal) = refusal {
                    self.diagnostics.error(*keyword, refusal.message());
                    *pattern = Pattern::Broken;
                } else if !self.names.insert(name.to_string()) {
                    self.diagnostics.error(
                        name.span(),
                        format!("`{name}` is captured already; give this value another name"),
                    );
                    *pattern = Pattern::Broken;
                }
            }
            Pattern::Object(object) => {
                for entry in &mut object.entries {
                    self.check(&mut entry.pattern, refusal);
                }
            }
            Pattern::List(list) | Pattern::Unordered { list, .. } => {
                self.items(&mut list.items, refusal);
            }
            Pattern::Quantified {
                quantifier,
                pattern,
                ..
            } => {
                let here = match quantifier {
                    Quantifier::Every => Some(Refusal::Every),
                    Quantifier::Any => None,
                    Quantifier::Len => Some(Refusal::Length),
                };
                self.check(pattern, refusal.or(here));
            }
            Pattern::AllOf(patterns) => {
                for pattern in patterns {
                    self.check(pattern, refusal);
                }
            }
            Pattern::AnyOf(patterns) | Pattern::OneOf { patterns, .. } => {
                // One alternative matches, so they may share names.
                let before = self.names.clone();
                let mut after = before.clone();
                for pattern in patterns {
                    self.names.clone_from(&before);
                    self.check(pattern, refusal);
                    after.extend(self.names.drain());
                }
                self.names = after;
            }
            Pattern::Not { pattern, .. } => {
                self.check(pattern, refusal.or(Some(Refusal::Not)));
            }
            Pattern::Addressed { pattern, .. } => self.check(pattern, refusal),
            Pattern::Typed(typed) => {
                let refusal = refusal.or(Some(Refusal::Typed));
                match &mut typed.body {
                    TypedBody::Unit => {}
                    TypedBody::Fields { fields, .. } => {
                        for field in fields {
                            self.check(&mut field.pattern, refusal);
                        }
                    }
                    TypedBody::Tuple { items, .. } => self.items(items, refusal),
                }
            }
            Pattern::Equal(_)
            | Pattern::Compare { .. }
            | Pattern::Range(_)
            | Pattern::Regex(_)
            | Pattern::Present(_)
            | Pattern::Absent(_)
            | Pattern::Null(_)
            | Pattern::Bytes { .. }
            | Pattern::Text { .. }
            | Pattern::Approx { .. }
            | Pattern::Moment { .. }
            | Pattern::Matcher { .. }
            | Pattern::Broken => {}
        }
    }

    fn items(&mut self, items: &mut [Item], refusal: Option<Refusal>) {
        for item in items {
            if let Item::One(pattern) = item {
                self.check(pattern, refusal);
            }
        }
    }
}
