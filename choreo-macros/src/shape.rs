//! Typed patterns as JSON data, for reports: literals as they are, what only the compiled code knows in words.
//!
//! The conditions are those that the library writes for dynamic patterns (`matcher::pattern::shape`). What takes
//! a struct apart is always `{"object": {…}}` here: the library knows where the word can be left out.

use std::fmt::Write as _;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, Lit, UnOp};

use crate::model::pattern::{
    Item, Operand, Pattern, Quantifier, RangePattern, TextPart, TypedBody, TypedPattern,
};
use crate::text;

/// The JSON text of a pattern.
pub(crate) fn of_pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Equal(operand) => of_operand(operand),
        Pattern::Compare { op, operand, .. } => condition(op.function(), &of_operand(operand)),
        Pattern::Range(range) => of_range(range),
        Pattern::Regex(literal) => condition("matches", &quoted(&literal.value())),
        Pattern::OneOf { patterns, .. } => condition("in", &of_patterns(patterns)),
        // What a type may leave out is there or not; all else always is.
        Pattern::Present(_) | Pattern::Broken => condition("anything", "true"),
        Pattern::Absent(_) | Pattern::Null(_) => condition("exists", "false"),
        Pattern::Object(object) => {
            let fields = object.entries.iter();
            let fields = of_fields(fields.map(|entry| (entry.key.clone(), &entry.pattern)));
            condition(if object.exact { "exact" } else { "object" }, &fields)
        }
        Pattern::List(list) => of_items(&list.items),
        Pattern::Quantified {
            quantifier,
            pattern,
            ..
        } => {
            let name = match quantifier {
                Quantifier::Every => "every",
                Quantifier::Any => "any_element",
                Quantifier::Len => "len",
            };
            condition(name, &of_pattern(pattern))
        }
        Pattern::AllOf(patterns) => condition("all_of", &of_patterns(patterns)),
        Pattern::AnyOf(patterns) => condition("any_of", &of_patterns(patterns)),
        Pattern::Not { pattern, .. } => condition("not", &of_pattern(pattern)),
        Pattern::Text { form, operand, .. } => {
            let name = match form.part {
                TextPart::Whole => "eq",
                TextPart::Inside => "contains",
                TextPart::Prefix => "prefix",
                TextPart::Suffix => "suffix",
            };
            let operand = of_operand(operand);
            if form.ignore_case {
                format!(r#"{{"{name}":{operand},"ignore_case":true}}"#)
            } else {
                condition(name, &operand)
            }
        }
        Pattern::Moment { op, operand, .. } => condition(op.name(), &of_operand(operand)),
        Pattern::Unordered { list, .. } => condition("unordered", &of_items(&list.items)),
        Pattern::Addressed {
            kind,
            address,
            pattern,
            ..
        } => {
            let inside = of_fields(std::iter::once((address.value(), &**pattern)));
            condition(kind.name(), &inside)
        }
        Pattern::Capture { name, .. } => condition("capture", &quoted(&name.to_string())),
        Pattern::Typed(typed) => of_typed(typed),
        Pattern::Bytes { .. } | Pattern::Approx { .. } | Pattern::Matcher { .. } => {
            in_words(&text::of_pattern(pattern))
        }
    }
}

fn of_typed(typed: &TypedPattern) -> String {
    let in_words = || in_words(&text::of_typed(typed));
    if typed.names_variant() {
        // How an enum is written is up to serde's attributes on it.
        return in_words();
    }
    match &typed.body {
        TypedBody::Fields { fields, .. } => {
            // What is not looked at is no condition.
            let looked_at = fields
                .iter()
                .filter(|field| !matches!(field.pattern, Pattern::Present(_)));
            let fields = looked_at.map(|field| (field.name.unraw().to_string(), &field.pattern));
            condition("object", &of_fields(fields))
        }
        TypedBody::Tuple { items, .. } if typed.is_option() => match items.as_slice() {
            [Item::One(inner)] => of_pattern(inner),
            _ => in_words(),
        },
        TypedBody::Unit if typed.is_option() => condition("exists", "false"),
        TypedBody::Unit | TypedBody::Tuple { .. } => in_words(),
    }
}

fn of_range(range: &RangePattern) -> String {
    let low = range
        .low
        .as_ref()
        .map(|low| format!(r#""ge":{}"#, of_operand(low)));
    let high = range.high.as_ref().map(|high| {
        let name = if range.inclusive { "le" } else { "lt" };
        format!(r#""{name}":{}"#, of_operand(high))
    });
    let bounds: Vec<String> = low.into_iter().chain(high).collect();
    format!("{{{}}}", bounds.join(","))
}

fn of_patterns(patterns: &[Pattern]) -> String {
    let patterns: Vec<String> = patterns.iter().map(of_pattern).collect();
    format!("[{}]", patterns.join(","))
}

fn of_items(items: &[Item]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::One(pattern) => of_pattern(pattern),
            Item::Rest(_) => condition("rest", "true"),
        })
        .collect();
    format!("[{}]", items.join(","))
}

fn of_fields<'p>(fields: impl Iterator<Item = (String, &'p Pattern)>) -> String {
    let fields: Vec<String> = fields
        .map(|(name, pattern)| format!("{}:{}", quoted(&name), of_pattern(pattern)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn condition(name: &str, operand: &str) -> String {
    format!(r#"{{"{name}":{operand}}}"#)
}

/// What only the compiled code knows.
fn in_words(words: &str) -> String {
    condition("matcher", &quoted(words))
}

fn of_operand(operand: &Operand) -> String {
    let literal = operand.expr().and_then(|expr| of_literal(expr, false));
    literal.unwrap_or_else(|| in_words(&text::of_tokens(operand.to_token_stream())))
}

/// The JSON text of a literal that has one.
fn of_literal(expr: &Expr, negative: bool) -> Option<String> {
    match expr {
        Expr::Group(group) => of_literal(&group.expr, negative),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) && !negative => {
            of_literal(&unary.expr, true)
        }
        Expr::Lit(literal) => {
            let sign = if negative { "-" } else { "" };
            match &literal.lit {
                Lit::Int(number) => Some(format!("{sign}{}", number.base10_digits())),
                Lit::Float(number) => {
                    let number: f64 = number.base10_parse().ok()?;
                    number.is_finite().then(|| format!("{sign}{number:?}"))
                }
                Lit::Str(text) => Some(quoted(&text.value())),
                Lit::Char(character) => Some(quoted(&character.value().to_string())),
                Lit::Bool(value) => Some(value.value.to_string()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", u32::from(control))
                    .expect("writing to a string cannot fail");
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
