//! `50ms`, `1.5s`, `2min`, or an expression of type `Duration`.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Ident, Lit, Token};

use super::options::without_parentheses;
use super::pattern::at_separator;
use crate::model::DurationArg;

/// The units and their lengths in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
];

const UNIT_LIST: &str = "`ns`, `us`, `ms`, `s`, `min`, `h`";

/// Parses a duration and stops before the next `,`. That there is something to parse has been checked.
///
/// # Errors
/// At the literal, when it has no unit, an unknown one, or is zero, negative or too long.
pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<DurationArg> {
    if input.peek(Token![-]) && input.peek2(Lit) {
        let minus: Token![-] = input.parse()?;
        input.parse::<Lit>()?;
        return Err(syn::Error::new(
            minus.span,
            "a duration is never negative; remove the `-`",
        ));
    }
    // Only a literal that stands alone: `2 * TICK` is an expression.
    let fork = input.fork();
    if let Ok(literal) = fork.parse::<Lit>()
        && (at_separator(&fork) || fork.peek(Ident))
    {
        input.parse::<Lit>()?;
        return parse_literal(&literal, input);
    }
    Ok(DurationArg::Expr(Box::new(without_parentheses(
        input.parse()?,
    ))))
}

fn parse_literal(literal: &Lit, input: ParseStream<'_>) -> syn::Result<DurationArg> {
    let (digits, unit) = match literal {
        Lit::Int(number) => (
            number.base10_digits().to_owned(),
            number.suffix().to_owned(),
        ),
        Lit::Float(number) => (
            number.base10_digits().to_owned(),
            number.suffix().to_owned(),
        ),
        Lit::Str(text) => {
            return Err(syn::Error::new(
                literal.span(),
                format!(
                    "a duration is written without quotes: a number and a unit in one word, such \
                     as `{}`",
                    if text
                        .value()
                        .starts_with(|first: char| first.is_ascii_digit())
                    {
                        text.value().replace(' ', "")
                    } else {
                        "50ms".to_owned()
                    }
                ),
            ));
        }
        other => {
            return Err(syn::Error::new(
                other.span(),
                format!(
                    "not a duration; write a number with one of the units {UNIT_LIST}, such as `50ms`"
                ),
            ));
        }
    };
    if unit.is_empty() && input.peek(Ident) {
        let word: Ident = input.parse()?;
        return Err(syn::Error::new(
            literal.span(),
            format!("number and unit of a duration are one word; write `{digits}{word}`"),
        ));
    }
    duration(&digits, &unit, literal.span())
}

fn duration(digits: &str, unit: &str, span: Span) -> syn::Result<DurationArg> {
    let Some((_, length)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let problem = if unit.is_empty() {
            format!("a duration needs a unit; write `{digits}ms`, or another of the units")
        } else {
            format!("`{unit}` is not a unit of time; the units are")
        };
        return Err(syn::Error::new(span, format!("{problem} {UNIT_LIST}")));
    };
    let nanos = total_nanos(digits, *length).ok_or_else(|| {
        syn::Error::new(span, "this duration is too long; write one below 500 years")
    })?;
    if nanos == 0 {
        return Err(syn::Error::new(
            span,
            "nothing can happen in no time; write a duration above zero, such as `50ms`",
        ));
    }
    let secs = nanos / 1_000_000_000;
    let nanos = u32::try_from(nanos % 1_000_000_000).expect("a remainder below 10^9 fits");
    Ok(DurationArg::Literal { secs, nanos, span })
}

/// Nanoseconds, rounded; `None` when they do not fit.
fn total_nanos(digits: &str, length: u64) -> Option<u64> {
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(length);
    }
    let total = digits.parse::<f64>().ok()? * length as f64;
    (total.is_finite() && total < u64::MAX as f64).then_some(total.round() as u64)
}
