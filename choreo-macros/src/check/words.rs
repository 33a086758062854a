//! Operands of the forms that begin with a word.

use proc_macro2::Span;
use syn::LitStr;

use super::literal::Literal;
use crate::model::pattern::{AddressKind, Item, ListPattern, MomentOp, Near, Operand, TextForm};
use crate::recover::Diagnostics;

/// `contains "…"` and its like want a string.
pub(super) fn text(form: TextForm, operand: &Operand, diagnostics: &mut Diagnostics) -> bool {
    match operand.expr().and_then(Literal::of) {
        None | Some(Literal::Text(_)) => true,
        Some(_) => {
            let words = form.words();
            let message = if words == "contains" {
                "`contains` looks for a part of a string: write `contains \"…\"`; for an element of a \
                 list write `any p`"
                    .to_owned()
            } else {
                format!("`{words}` is about strings: write `{words} \"…\"`")
            };
            diagnostics.error(operand.span(), message);
            false
        }
    }
}

/// A number with a number, a time or a duration with a duration.
pub(super) fn approx(near: &Near, diagnostics: &mut Diagnostics) -> bool {
    match near {
        Near::Number(value, by) => approx_number(value, by, diagnostics),
        Near::Time(value, _) => match value.expr().and_then(Literal::of) {
            None => true,
            Some(Literal::Text(text)) => time(&text, value.span(), diagnostics),
            Some(_) => {
                diagnostics.error(
                    value.span(),
                    "only a time or a duration is a duration away from another: write a text such as \
                     `\"2026-01-31T12:30:00Z\"`, a duration such as `250ms`, or a number after `+-`",
                );
                false
            }
        },
        Near::Duration(..) => true,
    }
}

fn approx_number(operand: &Operand, by: &Operand, diagnostics: &mut Diagnostics) -> bool {
    match operand.expr().and_then(Literal::of) {
        None | Some(Literal::Int(_) | Literal::Float(_)) => {}
        Some(Literal::Text(_)) => {
            diagnostics.error(
                by.span(),
                "a time is some duration away from another: write one such as `5s` after `+-`",
            );
            return false;
        }
        Some(_) => {
            diagnostics.error(
                operand.span(),
                "only numbers and times are near to each other: write `approx 9.95 +- 0.01`",
            );
            return false;
        }
    }
    match by.expr().and_then(Literal::of) {
        None | Some(Literal::Int(0..)) => true,
        Some(Literal::Float(by)) if by >= 0.0 => true,
        Some(_) => {
            diagnostics.error(
                by.span(),
                "how far away a value may be is a number from zero on: write `approx 9.95 +- 0.01`",
            );
            false
        }
    }
}

pub(super) fn moment(op: MomentOp, operand: &Operand, diagnostics: &mut Diagnostics) -> bool {
    match operand.expr().and_then(Literal::of) {
        None => true,
        Some(Literal::Text(text)) => time(&text, operand.span(), diagnostics),
        Some(_) => {
            let (name, sign) = (op.name(), op.sign());
            diagnostics.error(
                operand.span(),
                format!(
                    "`{name}` compares times: write `{name} \"2026-01-31T12:30:00Z\"`; numbers compare \
                     with `{sign}`"
                ),
            );
            false
        }
    }
}

fn time(text: &str, span: Span, diagnostics: &mut Diagnostics) -> bool {
    let sound = looks_like_time(text);
    if !sound {
        diagnostics.error(
            span,
            "this is no time with its offset from UTC, as RFC 3339 writes it; write one such as \
             `\"2026-01-31T12:30:00Z\"`",
        );
    }
    sound
}

/// The shape only: whether there is such a day is said when the pattern is made.
fn looks_like_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|letter| {
            if letter.is_ascii_digit() {
                '0'
            } else {
                letter.to_ascii_uppercase()
            }
        })
        .collect();
    let Some(rest) = shape
        .strip_prefix("0000-00-00T00:00:00")
        .or_else(|| shape.strip_prefix("0000-00-00 00:00:00"))
    else {
        return false;
    };
    let offset = match rest.strip_prefix(".0") {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    matches!(offset, "Z" | "+00:00" | "-00:00")
}

pub(super) fn address(kind: AddressKind, address: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let text = address.value();
    let message = match kind {
        AddressKind::Pointer => {
            let escapes = text.split('~').skip(1);
            if !text.is_empty() && !text.starts_with('/') {
                format!("a JSON Pointer begins with `/`: write `at \"/{text}\" p`")
            } else if escapes
                .into_iter()
                .any(|part| !part.starts_with(['0', '1']))
            {
                "in a JSON Pointer `~` is written `~0`, and a `/` in a key `~1`".to_owned()
            } else {
                return true;
            }
        }
        AddressKind::JsonPath if text.starts_with('$') => return true,
        AddressKind::JsonPath => {
            "a JSONPath query begins with `$`, the message: write `path \"$.items[*].sku\" p`"
                .to_owned()
        }
    };
    diagnostics.error(address.span(), message);
    false
}

/// `..` says that there may be others, and once is enough.
pub(super) fn unordered(list: &ListPattern, diagnostics: &mut Diagnostics) {
    let count = list.items.len();
    for (index, item) in list.items.iter().enumerate() {
        if let Item::Rest(span) = item
            && index + 1 < count
        {
            diagnostics.error(
                *span,
                "the order does not count, so `..` for any others stands once, at the end",
            );
        }
    }
}
