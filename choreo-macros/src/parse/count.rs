//! `times 3`, `times 2..=5`, `at_least 2`, and `ordered_by order.seq`.

use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, Ident, LitInt, LitStr, RangeLimits, Token, bracketed, token};

use super::options::without_parentheses;
use crate::model::{Amount, CountArg, OrderedBy, Step};
use crate::recover::{error_here, skip_to_end};

/// Parses what follows the word: a number or a range of numbers; nothing after `exactly_once`.
///
/// # Errors
/// At the value, when it is no such thing.
pub(super) fn parse(word: &Ident, input: ParseStream<'_>) -> syn::Result<CountArg> {
    let word = word.clone();
    if word == "exactly_once" {
        let amount = Amount::Once;
        return Ok(CountArg { word, amount });
    }
    let written: Expr = input.parse()?;
    let amount = match written {
        Expr::Range(range) if word == "times" => {
            let Some(low) = range.start else {
                let high = range
                    .end
                    .map(|end| crate::text::of_tokens(end.to_token_stream()));
                let high = high.unwrap_or_else(|| "5".to_owned());
                return Err(syn::Error::new_spanned(
                    range.limits,
                    format!(
                        "this range has no start; write `times 1..={high}`, or \
                         `times 0..={high}, for 200ms` where none need come"
                    ),
                ));
            };
            let low = Box::new(without_parentheses(*low));
            match range.end {
                None => Amount::AtLeast(low),
                Some(high) => Amount::Between {
                    low,
                    high: Box::new(without_parentheses(*high)),
                    inclusive: matches!(range.limits, RangeLimits::Closed(_)),
                },
            }
        }
        Expr::Range(range) => {
            return Err(syn::Error::new_spanned(
                range,
                "`at_least` takes one number; a range is written `times 2..=5`",
            ));
        }
        number if word == "times" => Amount::Exactly(Box::new(without_parentheses(number))),
        number => Amount::AtLeast(Box::new(without_parentheses(number))),
    };
    Ok(CountArg { word, amount })
}

/// Parses the path after `ordered_by`.
///
/// # Errors
/// At what is no path.
pub(super) fn ordered_by(word: &Ident, input: ParseStream<'_>) -> syn::Result<OrderedBy> {
    const PATH: &str = "here goes the path of a field, such as `seq`, `order.seq`, `\"odd key\"` or \
                        `items[0].seq`";
    let mut path = Vec::new();
    let mut dot = None;
    loop {
        if input.peek(LitStr) {
            path.push(Step::Key(input.parse()?));
        } else if let Ok(name) = input.call(Ident::parse_any) {
            path.push(Step::Key(LitStr::new(
                &name.unraw().to_string(),
                name.span(),
            )));
        } else {
            // At the end there is no token to show.
            return Err(match dot {
                Some(dot) if input.is_empty() => syn::Error::new(dot, PATH),
                _ => error_here(input, PATH),
            });
        }
        while input.peek(token::Bracket) {
            let content;
            bracketed!(content in input);
            let span = content.span();
            let index = syn::parse2::<LitInt>(skip_to_end(&content))
                .and_then(|index| index.base10_parse::<usize>().map(|_| index))
                .map_err(|_| {
                    let text =
                        "in brackets goes the place in a list, counted from zero: `items[0].seq`";
                    syn::Error::new(span, text)
                })?;
            path.push(Step::Index(index));
        }
        if !input.peek(Token![.]) {
            let word = word.span();
            return Ok(OrderedBy { word, path });
        }
        dot = Some(input.parse::<Token![.]>()?.span);
    }
}
