//! `at "/a/b~1c/0" p`: a value by its JSON Pointer (RFC 6901).

use serde_json::Value;

use super::super::{Mismatch, Segment, Subject, Verdict};
use super::{Kind, Pattern};

/// A condition on a value somewhere inside.
pub(crate) struct At {
    pointer: String,
    tokens: Vec<String>,
    pub(crate) part: Pattern,
}

impl At {
    pub(crate) fn pattern(pointer: String, part: Pattern) -> Pattern {
        match tokens(&pointer) {
            Ok(tokens) => Pattern::new(Kind::At(Self {
                pointer,
                tokens,
                part,
            })),
            Err(why) => Pattern::broken(format!("`at {}`, but {why}", Value::from(pointer))),
        }
    }

    pub(crate) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is there, and the way to it.
    pub(crate) fn find<'a>(&self, value: &'a Value) -> (Option<&'a Value>, Vec<Segment>) {
        let mut found = Some(value);
        let mut way = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            let segment = match found {
                Some(Value::Array(_)) => index(token).map(Segment::Index),
                _ => None,
            };
            found = match (found, &segment) {
                (Some(Value::Array(values)), Some(Segment::Index(index))) => values.get(*index),
                (Some(Value::Object(fields)), _) => fields.get(token),
                _ => None,
            };
            way.push(segment.unwrap_or_else(|| Segment::Key(token.clone())));
        }
        (found, way)
    }

    pub(crate) fn check(&self, subject: Subject<'_>, pattern: &Pattern) -> Verdict {
        let Some(value) = subject.value else {
            return Err(Mismatch::type_mismatch(pattern.description(), subject));
        };
        let (found, way) = self.find(value);
        let inner = found.map_or(Subject::absent(), Subject::present);
        self.part.verdict(inner).map_err(|difference| {
            let steps = way.into_iter().rev();
            steps.fold(difference, Mismatch::under)
        })
    }
}

/// A number without leading zeros, as the standard has it.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    plain.then(|| token.parse().ok()).flatten()
}

fn tokens(pointer: &str) -> Result<Vec<String>, &'static str> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err("a JSON Pointer begins with `/`");
    };
    rest.split('/').map(unescaped).collect()
}

fn unescaped(token: &str) -> Result<String, &'static str> {
    let mut parts = token.split('~');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match part.as_bytes().first() {
            Some(b'0') => ('~', &part[1..]),
            Some(b'1') => ('/', &part[1..]),
            _ => return Err("in a JSON Pointer `~` is written `~0` and a `/` in a key `~1`"),
        };
        text.push(sign);
        text.push_str(rest);
    }
    Ok(text)
}
