//! Patterns of headers, keys and metadata: what cannot be there can never match.

use std::collections::HashMap;

use proc_macro2::Span;

use super::capture::{Refusal, check as check_capture};
use super::literal::Literal;
use super::pattern::{check, check_key};
use crate::model::EnvelopePattern;
use crate::model::pattern::{ObjectPattern, Operand, Pattern};
use crate::recover::Diagnostics;

/// Reports what is wrong; see [`super::pattern`] for what becomes of a part that is.
pub(crate) fn envelope(envelope: &mut EnvelopePattern, diagnostics: &mut Diagnostics) {
    if let Some(headers) = &mut envelope.headers {
        if let Pattern::Object(object) = headers {
            names(object, diagnostics);
            for entry in &mut object.entries {
                text(&mut entry.pattern, "the value of a header", diagnostics);
            }
        }
        check(headers, false, diagnostics);
        check_capture(headers, Some(Refusal::Envelope), diagnostics);
    }
    if let Some(key) = &mut envelope.key {
        text(key, "a key", diagnostics);
        check_key(key, diagnostics);
        check_capture(key, Some(Refusal::Envelope), diagnostics);
    }
    if let Some(metadata) = &mut envelope.metadata {
        check(metadata, false, diagnostics);
        check_capture(metadata, Some(Refusal::Envelope), diagnostics);
    }
}

/// Names of headers are words, and differ in more than case. The same name twice is reported as in
/// every object.
fn names(object: &ObjectPattern, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for entry in &object.entries {
        let name = entry.key.as_str();
        if name.is_empty() || name.contains(|letter: char| letter.is_whitespace() || letter == ':')
        {
            diagnostics.error(
                entry.key_span,
                "the name of a header is one word without `:`, such as \"x-source\"",
            );
        }
        match seen.insert(name.to_ascii_lowercase(), name) {
            Some(other) if other != name => diagnostics.error(
                entry.key_span,
                format!(
                    "names of headers compare without regard to case, so `{name}` is `{other}`; join \
                     its patterns with `&`"
                ),
            ),
            _ => {}
        }
    }
}

/// Headers and keys are text: other values never match.
fn text(pattern: &mut Pattern, what: &str, diagnostics: &mut Diagnostics) {
    let wrong = match pattern {
        Pattern::Equal(operand) | Pattern::Compare { operand, .. } => not_text(operand),
        Pattern::Range(range) => [&range.low, &range.high]
            .into_iter()
            .flatten()
            .find_map(not_text),
        Pattern::OneOf { patterns, .. } | Pattern::AllOf(patterns) | Pattern::AnyOf(patterns) => {
            patterns
                .iter_mut()
                .for_each(|pattern| text(pattern, what, diagnostics));
            None
        }
        Pattern::Not { pattern, .. } => {
            text(pattern, what, diagnostics);
            None
        }
        Pattern::Null(span) => Some((*span, "write `absent` when there must be none".to_owned())),
        Pattern::Object(_)
        | Pattern::List(_)
        | Pattern::Quantified { .. }
        | Pattern::Unordered { .. }
        | Pattern::Addressed { .. }
        | Pattern::Typed(_) => {
            let remedy = "write a pattern for text, such as `\"test\"` or `=~ r\"…\"`";
            Some((pattern.span(), remedy.to_owned()))
        }
        Pattern::Regex(_)
        | Pattern::Present(_)
        | Pattern::Absent(_)
        | Pattern::Bytes { .. }
        | Pattern::Text { .. }
        | Pattern::Approx { .. }
        | Pattern::Moment { .. }
        | Pattern::Capture { .. }
        | Pattern::Matcher { .. }
        | Pattern::Broken => None,
    };
    if let Some((span, remedy)) = wrong {
        diagnostics.error(span, format!("{what} is text; {remedy}"));
        *pattern = Pattern::Broken;
    }
}

/// A literal of another kind, with what to write for it.
fn not_text(operand: &Operand) -> Option<(Span, String)> {
    let expr = operand.expr()?;
    match Literal::of(expr)? {
        Literal::Int(_) | Literal::Float(_) | Literal::Bool => {
            let written = crate::text::of_tokens(quote::ToTokens::to_token_stream(expr));
            Some((operand.span(), format!("write `\"{written}\"`")))
        }
        _ => None,
    }
}
