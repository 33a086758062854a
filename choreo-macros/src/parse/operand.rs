//! The value on the right of an operator: up to the next `,` `;` `&` `|` `..` of this level.
//! Anything longer goes into parentheses.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Token};

use super::options;
use crate::model::pattern::Operand;

/// Parses an operand. `place` says what it belongs to, as in "after `>`".
///
/// # Errors
/// At the operand, when it is missing or no expression.
pub(crate) fn parse(input: ParseStream<'_>, place: &str) -> syn::Result<Operand> {
    if input.peek(Token![&]) || input.peek(Token![|]) {
        return Err(input.error(format!(
            "a value is missing {place}; an expression that begins with `&` or `|` goes into parentheses"
        )));
    }
    let tokens = take_tokens(input);
    if tokens.is_empty() {
        return Err(input.error(format!("a value is missing {place}")));
    }
    from_tokens(tokens)
}

fn take_tokens(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !at_end_of_operand(input) {
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
pub(crate) fn from_tokens(tokens: TokenStream) -> syn::Result<Operand> {
    let span = tokens.span();
    // The parentheses of `(expr)` belong to the pattern language: rustc would call them superfluous.
    let inner = single_group(&tokens).unwrap_or_else(|| tokens.clone());
    match syn::parse2::<Expr>(inner.clone()) {
        Ok(expr) => Ok(Operand::Expr {
            expr: Box::new(expr),
            span,
        }),
        Err(_) if is_unfinished(&inner) => Ok(Operand::Unfinished {
            tokens: inner,
            span,
        }),
        Err(error) => Err(explain(tokens, error)),
    }
}

/// The content of the parentheses, if they are all there is.
fn single_group(tokens: &TokenStream) -> Option<TokenStream> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None)
            if group.delimiter() == Delimiter::Parenthesis && is_parenthesized(group.stream()) =>
        {
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

fn explain(tokens: TokenStream, error: syn::Error) -> syn::Error {
    for token in tokens {
        if let TokenTree::Ident(word) = &token
            && options::is_option(word)
        {
            return syn::Error::new(word.span(), format!("write a comma before `{word}`"));
        }
    }
    syn::Error::new(
        error.span(),
        format!("{error}; a value is a literal or an expression, a longer one in parentheses"),
    )
}
