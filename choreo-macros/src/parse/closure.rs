//! The closure of a reply, cut by hand: its body may hold code that does not parse yet, and its
//! parameter is needed all the same.

use proc_macro2::{Group, TokenTree};
use syn::parse::ParseStream;
use syn::{Pat, Token, Type, token};

use crate::model::{ReplyClosure, StateParameter, UserExpr};
use crate::parse::payload;
use crate::recover::{Diagnostics, skip_to_separator};

/// Whether a closure comes next.
pub(crate) fn begins(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let _async = fork.parse::<Option<Token![async]>>();
    let _move = fork.parse::<Option<Token![move]>>();
    fork.peek(Token![|])
}

/// Parses `[async] [move] |parameter[: Type]| [-> Type] body`.
pub(crate) fn parse(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<ReplyClosure> {
    let asyncness: Option<Token![async]> = input.parse()?;
    let movability: Option<Token![move]> = input.parse()?;
    let span = input.span();
    let Parameters {
        parameter,
        parameter_type,
        state,
    } = parameters(input, diagnostics)?;
    let output = output(input)?;
    if let (Some(_), Some(output)) = (&asyncness, &output) {
        diagnostics.error_spanned(
            output,
            "the result of an async reply is inferred; leave `-> …` out",
        );
    }
    let body_is_async = input.peek(Token![async])
        && (input.peek2(token::Brace) || input.peek2(Token![move]) && input.peek3(token::Brace));
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(
            span,
            "this closure has no body; write what it answers after the second `|`",
        ));
    }
    Ok(ReplyClosure {
        is_async: asyncness.is_some(),
        body_is_async,
        movability,
        parameter,
        parameter_type,
        state,
        output,
        body: body(input),
        span,
    })
}

#[derive(Default)]
struct Parameters {
    parameter: Option<Pat>,
    parameter_type: Option<Type>,
    state: Option<StateParameter>,
}

fn parameters(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Parameters> {
    const NONE: &str = "a reply's closure takes one parameter, the message that came in; write \
         `|order| …`, or `|_| …` when the answer does not depend on it";
    const MORE: &str = "a reply's closure takes the message that came in and, with the option \
         `state`, what it keeps: `|order, seen| …`; remove this";
    if input.peek(Token![||]) {
        let bars: Token![||] = input.parse()?;
        diagnostics.error_spanned(bars, NONE);
        return Ok(Parameters::default());
    }
    let first: Token![|] = input.parse()?;
    if input.peek(Token![|]) {
        input.parse::<Token![|]>()?;
        diagnostics.error(first.span, NONE);
        return Ok(Parameters::default());
    }
    let (parameter, parameter_type) = self::parameter(input)?;
    let mut state = None;
    if input.parse::<Option<Token![,]>>()?.is_some() && !input.peek(Token![|]) {
        let (pattern, ty) = self::parameter(input)?;
        state = Some(StateParameter { pattern, ty });
    }
    if input.parse::<Option<Token![,]>>()?.is_some() && !input.peek(Token![|]) {
        diagnostics.error(input.span(), MORE);
        while !input.is_empty() && !input.peek(Token![|]) {
            input.parse::<TokenTree>()?;
        }
    }
    input.parse::<Token![|]>().map_err(|error| {
        syn::Error::new(
            error.span(),
            "the closing `|` of the closure is missing before this: write `|order| …`",
        )
    })?;
    Ok(Parameters {
        parameter: Some(parameter),
        parameter_type,
        state,
    })
}

fn parameter(input: ParseStream<'_>) -> syn::Result<(Pat, Option<Type>)> {
    let pattern = Pat::parse_single(input).map_err(|error| {
        syn::Error::new(
            error.span(),
            "this is no parameter of a closure: write `|order| …`, or with the option `state` `|order, seen| …`",
        )
    })?;
    let ty = match input.parse::<Option<Token![:]>>()? {
        Some(_) => Some(input.parse().map_err(|error| {
            syn::Error::new(
                error.span(),
                "after the colon goes the type of the message: write `|order: OrderCreated| …`, or no colon",
            )
        })?),
        None => None,
    };
    Ok((pattern, ty))
}

fn output(input: ParseStream<'_>) -> syn::Result<Option<Type>> {
    if !input.peek(Token![->]) {
        return Ok(None);
    }
    input.parse::<Token![->]>()?;
    input.parse().map(Some)
}

/// A block stays a group of raw tokens.
fn body(input: ParseStream<'_>) -> UserExpr {
    let fork = input.fork();
    if fork.parse::<Group>().is_ok()
        && input.peek(token::Brace)
        && (fork.is_empty() || fork.peek(Token![,]))
    {
        return UserExpr {
            tokens: skip_to_separator(input),
            parsed: None,
        };
    }
    payload::expression(input)
}
