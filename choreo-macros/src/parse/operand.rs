//! The value on the right of an operator: up to the next `,` `;` `&` `|` `..` of this level.
//! Anything longer goes into parentheses.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token};

use super::options;
use super::pattern::joint;
use crate::model::pattern::Operand;
use crate::recover::{error_here, skip_to_end};

/// Parses an operand. `place` says what it belongs to, as in "after `>`".
///
/// # Errors
/// At the operand, when it is missing or no expression.
pub(crate) fn parse(input: ParseStream<'_>, place: &str) -> syn::Result<Operand> {
    if input.peek(Token![&]) || input.peek(Token![|]) {
        return Err(error_here(
            input,
            format!(
                "a value is missing {place}; an expression that begins with `&` or `|` goes into parentheses"
            ),
        ));
    }
    let tokens = tokens(input);
    if tokens.is_empty() {
        return Err(error_here(input, format!("a value is missing {place}")));
    }
    from_tokens(tokens)
}

/// The tokens of an operand that also ends at `+-`.
///
/// # Errors
/// At its place, when it is missing.
pub(super) fn tokens_before_tolerance(
    input: ParseStream<'_>,
    place: &str,
) -> syn::Result<TokenStream> {
    let tokens = take_tokens(input, &|input| {
        at_end_of_operand(input) || at_tolerance(input)
    });
    if tokens.is_empty() {
        return Err(error_here(input, format!("a value is missing {place}")));
    }
    Ok(tokens)
}

/// Whether `+-` comes next.
pub(super) fn at_tolerance(input: ParseStream<'_>) -> bool {
    input.peek(Token![+]) && input.peek2(Token![-])
}

/// The tokens of an operand.
pub(super) fn tokens(input: ParseStream<'_>) -> TokenStream {
    take_tokens(input, &at_end_of_operand)
}

fn take_tokens(input: ParseStream<'_>, at_end: &dyn Fn(ParseStream<'_>) -> bool) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !at_end(input) {
        match input.parse::<TokenTree>() {
            Ok(token) => tokens.extend([token]),
            Err(_) => break,
        }
    }
    tokens
}

fn at_end_of_operand(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![,])
        || input.peek(Token![;])
        || input.peek(Token![&])
        || input.peek(Token![|])
        || input.peek(Token![..])
}

/// An operand from the tokens that are known to belong to it.
pub(super) fn from_tokens(tokens: TokenStream) -> syn::Result<Operand> {
    let span = tokens.span();
    let group = single_group(&tokens);
    let parenthesized = group.is_some();
    // The parentheses of `(expr)` belong to the pattern language: rustc would call them superfluous.
    let inner = match group {
        Some(content) if is_parenthesized(content.clone()) => content,
        _ => tokens,
    };
    if is_unfinished(&inner) {
        return Ok(Operand::Unfinished {
            tokens: inner,
            span,
        });
    }
    let parse = |input: ParseStream<'_>| {
        let expr: Expr = input.parse()?;
        if input.is_empty() {
            Ok(expr)
        } else {
            Err(leftover(input))
        }
    };
    let expr = parse.parse2(inner)?;
    Ok(Operand::Expr {
        expr: Box::new(expr),
        span,
        parenthesized,
    })
}

/// The content of the parentheses, if they are all there is.
fn single_group(tokens: &TokenStream) -> Option<TokenStream> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            Some(group.stream())
        }
        _ => None,
    }
}

/// Not a tuple and not `()`, whose parentheses are part of the value.
fn is_parenthesized(content: TokenStream) -> bool {
    !content.is_empty()
        && !content
            .into_iter()
            .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
}

/// Ends in the middle of a path or of a field access, as while typing.
fn is_unfinished(tokens: &TokenStream) -> bool {
    matches!(
        tokens.clone().into_iter().last(),
        Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '.' | ':')
    )
}

/// What goes on after a complete expression.
fn leftover(input: ParseStream<'_>) -> syn::Error {
    let span = input.span();
    let word = input.fork().parse::<Ident>().ok();
    skip_to_end(input);
    match (&word, word.as_ref().and_then(joint)) {
        (_, Some(joint)) => syn::Error::new(span, joint),
        (Some(word), _) if options::is_option(word) => {
            syn::Error::new(span, format!("write a comma before `{word}`"))
        }
        _ => syn::Error::new(
            span,
            "the value ends before this; write `,` before the next entry, or parentheses around a \
             longer expression",
        ),
    }
}
