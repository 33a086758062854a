//! The second argument of `expect!`: a topic, or a type that names its own.

use syn::parse::ParseStream;
use syn::{Expr, Path, Token, token};

use crate::model::pattern::is_camel_case;
use crate::recover::error_here;

/// Whether a typed pattern comes next rather than a topic expression.
pub(crate) fn begins_typed(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    while fork.peek(Token![!]) {
        let _bang = fork.parse::<Token![!]>();
    }
    let Ok(path) = fork.parse::<Path>() else {
        return false;
    };
    let Some(last) = path.segments.last() else {
        return false;
    };
    if fork.peek(Token![!])
        || fork.peek(Token![.])
        || !last.ident.to_string().starts_with(char::is_uppercase)
    {
        return false;
    }
    is_camel_case(&last.ident) || fork.peek(token::Brace)
}

/// Parses a topic expression; the `,` after it stays.
///
/// # Errors
/// At the argument, when it is missing or no expression.
pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(error_here(
            input,
            "here goes the topic, `\"orders.processed\"`, or a type that names its own, \
             `OrderProcessed { .. }`",
        ));
    }
    if input.peek(token::Brace) || input.peek(Token![_]) {
        return Err(error_here(
            input,
            "a pattern without a topic; write the topic before it: `expect!(s, \"orders.processed\", { … })`",
        ));
    }
    input.parse()
}
