//! Patterns that can never match, that always match, or that mean something else than they say.

use std::cmp::Ordering;
use std::collections::HashSet;

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{BinOp, Expr};

use super::literal::{Kind, Literal};
use super::{regex, words};
use crate::model::pattern::{
    CompareOp, Item, ObjectPattern, Operand, Pattern, Quantifier, RangePattern, TypedBody,
    TypedPattern,
};
use crate::recover::Diagnostics;
use crate::text;

/// Where a pattern stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Message,
    /// The record key.
    Key,
    Field,
    Element,
    /// Behind `len`.
    Length,
}

/// Reports what is wrong. A part that would make the compiler report it a second time becomes
/// [`Pattern::Broken`].
pub(crate) fn check(pattern: &mut Pattern, typed: bool, diagnostics: &mut Diagnostics) {
    Checker { diagnostics, typed }.check(pattern, Place::Message);
}

/// The same for the pattern of a record key.
pub(super) fn check_key(pattern: &mut Pattern, diagnostics: &mut Diagnostics) {
    Checker {
        diagnostics,
        typed: false,
    }
    .check(pattern, Place::Key);
}

struct Checker<'d> {
    diagnostics: &'d mut Diagnostics,
    /// Whether Rust values are matched, and not JSON.
    typed: bool,
}

impl Checker<'_> {
    fn check(&mut self, pattern: &mut Pattern, place: Place) {
        let sound = match pattern {
            Pattern::Equal(operand) => self.equal(operand, place),
            Pattern::Compare { op, operand, .. } => self.compare(*op, operand, place),
            Pattern::Range(range) => self.range(range),
            Pattern::Regex(literal) => {
                regex::check(literal, self.diagnostics);
                true
            }
            Pattern::OneOf {
                bracket, patterns, ..
            } => {
                if patterns.is_empty() {
                    self.diagnostics.error(
                        *bracket,
                        "nothing is in an empty list, so this never matches; write the values that are allowed",
                    );
                }
                patterns
                    .iter_mut()
                    .for_each(|pattern| self.check(pattern, place));
                true
            }
            Pattern::Absent(span) => self.absent(*span, place),
            Pattern::Object(object) => self.object(object),
            Pattern::List(list) => self.items(&mut list.items),
            Pattern::Quantified {
                quantifier,
                pattern,
                ..
            } => {
                let place = if *quantifier == Quantifier::Len {
                    Place::Length
                } else {
                    Place::Element
                };
                self.check(pattern, place);
                true
            }
            Pattern::AllOf(patterns) | Pattern::AnyOf(patterns) => {
                patterns
                    .iter_mut()
                    .for_each(|pattern| self.check(pattern, place));
                true
            }
            Pattern::Not { pattern, .. } => {
                self.check(pattern, place);
                true
            }
            Pattern::Bytes { keyword, operand } => self.bytes(*keyword, operand, place),
            Pattern::Text { form, operand, .. } => words::text(*form, operand, self.diagnostics),
            Pattern::Approx { near, .. } => words::approx(near, self.diagnostics),
            Pattern::Moment { op, operand, .. } => words::moment(*op, operand, self.diagnostics),
            Pattern::Unordered { list, .. } => {
                words::unordered(list, self.diagnostics);
                self.dynamic_items(&mut list.items)
            }
            Pattern::Addressed {
                kind,
                address,
                pattern,
                ..
            } => {
                let outer = std::mem::replace(&mut self.typed, false);
                self.check(pattern, Place::Field);
                self.typed = outer;
                words::address(*kind, address, self.diagnostics)
            }
            Pattern::Typed(typed) => self.typed(typed),
            Pattern::Present(_)
            | Pattern::Null(_)
            | Pattern::Capture { .. }
            | Pattern::Matcher { .. }
            | Pattern::Broken => true,
        };
        if !sound {
            *pattern = Pattern::Broken;
        }
    }

    fn equal(&mut self, operand: &Operand, place: Place) -> bool {
        let Some(expr) = operand.expr() else {
            return true;
        };
        match Literal::of(expr) {
            Some(Literal::Bytes) => {
                self.diagnostics.error(
                    operand.span(),
                    "bytes are compared with the raw payload: write `bytes b\"…\"`",
                );
                false
            }
            Some(literal) => {
                self.representable(&literal, operand) && self.length(&literal, operand, place)
            }
            None => true,
        }
    }

    /// Whether JSON knows such a literal.
    fn representable(&mut self, literal: &Literal, operand: &Operand) -> bool {
        match literal {
            Literal::Suffixed(written) => {
                let digits = written.trim_end_matches(char::is_alphabetic);
                self.diagnostics.error(
                    operand.span(),
                    format!(
                        "`{written}` is no value of a message; write the number alone: `{digits}`"
                    ),
                );
                false
            }
            Literal::Other => {
                self.diagnostics.error(
                    operand.span(),
                    "no message holds such a literal; write a number, a string, `true`, `false` or `null`",
                );
                false
            }
            _ => true,
        }
    }

    /// Behind `len` only whole numbers from zero on make sense.
    fn length(&mut self, literal: &Literal, operand: &Operand, place: Place) -> bool {
        if place != Place::Length || matches!(literal, Literal::Int(0..)) {
            return true;
        }
        self.diagnostics.error(
            operand.span(),
            "a length is a whole number from zero on; write `len 3` or `len > 0`",
        );
        false
    }

    fn compare(&mut self, op: CompareOp, operand: &Operand, place: Place) -> bool {
        let Some(expr) = operand.expr() else {
            return true;
        };
        if let Some(word) = keyword(expr) {
            let remedy = match (word, op) {
                ("null", CompareOp::NotEqual) => "any value but null is written `!null`",
                ("absent", CompareOp::NotEqual) => "a field that is there is written `_`",
                _ => "only numbers and strings are greater or less; write a value",
            };
            self.diagnostics.error(expr.span(), remedy);
            return false;
        }
        if let Expr::Binary(binary) = expr
            && matches!(
                binary.op,
                BinOp::Lt(_)
                    | BinOp::Le(_)
                    | BinOp::Gt(_)
                    | BinOp::Ge(_)
                    | BinOp::Eq(_)
                    | BinOp::Ne(_)
            )
        {
            self.diagnostics.error_spanned(
                binary.op,
                format!(
                    "two comparisons are joined with `&`: write `{} {} & {} …`",
                    op.symbol(),
                    text::of_tokens(binary.left.to_token_stream()),
                    text::of_tokens(binary.op.to_token_stream()),
                ),
            );
            return false;
        }
        let Some(literal) = Literal::of(expr) else {
            return true;
        };
        if !self.representable(&literal, operand) || !self.length(&literal, operand, place) {
            return false;
        }
        if op == CompareOp::NotEqual && literal != Literal::Bytes
            || literal.kind() != Kind::Unordered
        {
            return true;
        }
        let message = match (&literal, op) {
            (Literal::Bytes, _) => {
                "bytes are compared with the raw payload: write `!bytes b\"…\"`".to_owned()
            }
            _ => format!(
                "only numbers and strings are greater or less; write the value alone for equal, or \
                 a number after `{}`",
                op.symbol()
            ),
        };
        self.diagnostics.error(operand.span(), message);
        false
    }

    fn range(&mut self, range: &RangePattern) -> bool {
        let bounds = [&range.low, &range.high];
        let mut literals = Vec::new();
        for operand in bounds.into_iter().flatten() {
            let Some(literal) = operand.expr().and_then(Literal::of) else {
                continue;
            };
            if !self.representable(&literal, operand) {
                return false;
            }
            if literal.kind() == Kind::Unordered {
                self.diagnostics.error(
                    operand.span(),
                    "a range has numbers or strings as its bounds; for one of several values write `in [a, b]`",
                );
                return false;
            }
            literals.push(literal);
        }
        let (Some(low), Some(high)) = (&range.low, &range.high) else {
            return true;
        };
        let [first, second] = literals.as_slice() else {
            return true;
        };
        let problem = if first.kind() != second.kind() {
            "both bounds of a range are numbers, or both are strings, such as \
             `1..5` or `\"a\"..\"f\"`"
                .to_owned()
        } else {
            let (low, high) = (
                text::of_tokens(quote!(#low)),
                text::of_tokens(quote!(#high)),
            );
            match first.compare(second) {
                Some(Ordering::Greater) => {
                    let dots = if range.inclusive { "..=" } else { ".." };
                    format!("this range is reversed and holds nothing; write `{high}{dots}{low}`")
                }
                Some(Ordering::Equal) if !range.inclusive => format!(
                    "this range is empty, as its end does not belong to it; write `{low}` for this \
                     one value"
                ),
                _ => return true,
            }
        };
        self.diagnostics
            .error_spanned(quote!(#low .. #high), problem);
        false
    }

    fn absent(&mut self, span: Span, place: Place) -> bool {
        let message = match place {
            Place::Field | Place::Key => return true,
            Place::Message => {
                "a message that came is never absent; `absent` is for a field: `{ error: absent }`"
            }
            Place::Element => {
                "an element of a list is never absent; write `null`, or `len` for their number"
            }
            Place::Length => "a length is never absent; write `len 0` for an empty list",
        };
        self.diagnostics.error(span, message);
        false
    }

    fn object(&mut self, object: &mut ObjectPattern) -> bool {
        let outer = std::mem::replace(&mut self.typed, false);
        let mut seen = HashSet::new();
        for entry in &mut object.entries {
            if !seen.insert(entry.key.clone()) {
                self.diagnostics.error(
                    entry.key_span,
                    format!(
                        "`{}` is there already; join its patterns with `&`",
                        entry.key
                    ),
                );
            }
            self.check(&mut entry.pattern, Place::Field);
        }
        self.typed = outer;
        true
    }

    fn items(&mut self, items: &mut [Item]) -> bool {
        for item in items {
            if let Item::One(pattern) = item {
                self.check(pattern, Place::Element);
            }
        }
        true
    }

    /// Elements that are looked at as JSON, also in a typed pattern.
    fn dynamic_items(&mut self, items: &mut [Item]) -> bool {
        let outer = std::mem::replace(&mut self.typed, false);
        self.items(items);
        self.typed = outer;
        true
    }

    fn bytes(&mut self, keyword: Span, operand: &Operand, place: Place) -> bool {
        if self.typed || !matches!(place, Place::Message | Place::Key) {
            self.diagnostics.error(
                keyword,
                "`bytes` looks at the raw payload, so it is a whole pattern: `expect!(s, \"topic\", \
                 bytes b\"…\")`; for a string in a field write `contains \"…\"`",
            );
            return false;
        }
        match operand.expr().and_then(Literal::of) {
            None | Some(Literal::Bytes | Literal::Text(_)) => true,
            Some(_) => {
                self.diagnostics.error(
                    operand.span(),
                    "write the bytes as a literal: `bytes b\"…\"`",
                );
                false
            }
        }
    }

    fn typed(&mut self, typed: &mut TypedPattern) -> bool {
        if !self.typed
            && let Some(name) = typed.path.get_ident().map(ToString::to_string)
        {
            let remedy = match name.as_str() {
                "Some" | "Ok" => "write the pattern of the value alone",
                "None" => "write `null` or `absent`",
                "Err" => "write an object with the field that has the error",
                _ => "",
            };
            if !remedy.is_empty() {
                self.diagnostics.error(
                    typed.path.span(),
                    format!("JSON knows no `{name}`; {remedy}"),
                );
                return false;
            }
        }
        let outer = std::mem::replace(&mut self.typed, true);
        match &mut typed.body {
            TypedBody::Unit => {}
            TypedBody::Fields { fields, .. } => {
                fields
                    .iter_mut()
                    .for_each(|field| self.check(&mut field.pattern, Place::Field));
            }
            TypedBody::Tuple { items, .. } => {
                for item in items {
                    if let Item::One(pattern) = item {
                        self.check(pattern, Place::Field);
                    }
                }
            }
        }
        self.typed = outer;
        true
    }
}

/// The word of the pattern language that an operand is, if it is one.
fn keyword(expr: &Expr) -> Option<&'static str> {
    let Expr::Path(path) = expr else { return None };
    ["null", "absent"]
        .into_iter()
        .find(|word| path.path.is_ident(word))
}
