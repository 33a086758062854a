//! The first argument of every step: the scenario variable, or a transport of its stage.

use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Ident, Token};

use crate::model::Target;
use crate::recover::{error_here, skip_to_separator};

/// Parses the scenario variable; the `,` after it stays.
///
/// # Errors
/// At the argument, when it is not a plain variable.
pub(crate) fn parse(input: ParseStream<'_>, macro_name: &str) -> syn::Result<Target> {
    let usage = format!("the first argument is the scenario variable: `{macro_name}(s, …)`");
    if input.is_empty() {
        return Err(error_here(input, usage));
    }
    if !input.peek(Ident) {
        let written = skip_to_separator(input);
        return Err(syn::Error::new_spanned(written, usage));
    }
    let ident: Ident = input.parse()?;
    let transport = if input.peek(Token![.]) && input.peek2(Ident) {
        let _dot = input.parse::<Token![.]>()?;
        Some(input.parse::<Ident>()?)
    } else {
        None
    };
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Target { ident, transport });
    }
    let is_path = input.peek(Token![.]) || input.peek(syn::token::Paren);
    let rest = skip_to_separator(input);
    let message = if is_path {
        format!(
            "this is neither the scenario nor a transport of its stage: write `{macro_name}({ident}, …)`, \
             or `{macro_name}({ident}.nats, …)` with the field of the stage"
        )
    } else {
        format!("write a comma before this: `{macro_name}({ident}, …)`")
    };
    Err(syn::Error::new_spanned(rest, message))
}

/// `s.nats, ` before the topic of an answer.
pub(crate) fn of_answer(input: ParseStream<'_>) -> Option<Target> {
    let ahead = input.fork();
    let ident: Ident = ahead.parse().ok()?;
    ahead.parse::<Token![.]>().ok()?;
    let transport: Ident = ahead.parse().ok()?;
    ahead.parse::<Token![,]>().ok()?;
    input.advance_to(&ahead);
    Some(Target {
        ident,
        transport: Some(transport),
    })
}
