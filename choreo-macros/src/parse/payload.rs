//! Payloads: JSON-like literals with expressions inside, `bytes …`, or an expression.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Ident, Lit, LitStr, Token, token};

use crate::model::{Field, Json, Payload, UserExpr};
use crate::recover::{Diagnostics, skip_to_separator};

/// Parses a payload and stops before the next `,` or `;`.
pub(crate) fn payload(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Payload {
    match raw(input, diagnostics) {
        Some(raw) => raw,
        None => Payload::Json(json(input, diagnostics)),
    }
}

/// `bytes b"…"` or `bytes (expr)`.
fn raw(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Payload> {
    let word: Ident = input.fork().parse().ok()?;
    if word != "bytes" || !(input.peek2(Lit) || input.peek2(token::Paren)) {
        return None;
    }
    // `bytes (a)` is raw, `bytes(a).len()` is an expression.
    let fork = input.fork();
    fork.parse::<Ident>().ok()?;
    fork.parse::<TokenTree>().ok()?;
    if !at_end_of_element(&fork) {
        return None;
    }
    input.parse::<Ident>().ok()?;
    if let Ok(literal) = input.fork().parse::<Lit>() {
        input.parse::<Lit>().ok()?;
        if !matches!(literal, Lit::Str(_) | Lit::ByteStr(_)) {
            diagnostics.error(
                literal.span(),
                "raw bytes are a byte string: write `bytes b\"…\"`, or `bytes (expression)`",
            );
            return Some(Payload::Json(Json::Null {
                span: literal.span(),
            }));
        }
        return Some(Payload::Raw {
            bytes: literal.to_token_stream(),
            literal: true,
        });
    }
    let group: Group = input.parse().ok()?;
    Some(Payload::Raw {
        bytes: group.stream(),
        literal: false,
    })
}

/// Parses one value of a JSON-like literal.
pub(crate) fn json(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Json {
    let next = input.fork();
    match next.parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if at_end_of_element(&next) => match group.delimiter() {
            proc_macro2::Delimiter::Brace => {
                input.advance_to(&next);
                return object(&group, diagnostics);
            }
            proc_macro2::Delimiter::Bracket => {
                input.advance_to(&next);
                return array(&group, diagnostics);
            }
            _ => {}
        },
        Ok(TokenTree::Ident(word)) if word == "null" && at_end_of_element(&next) => {
            input.advance_to(&next);
            return Json::Null { span: word.span() };
        }
        _ => {}
    }
    Json::Value(expression(input))
}

fn object(group: &Group, diagnostics: &mut Diagnostics) -> Json {
    Json::Object {
        fields: fields(group, "this object", diagnostics),
        span: group.span(),
    }
}

/// `key: value` between commas, each key once.
pub(crate) fn fields(group: &Group, place: &str, diagnostics: &mut Diagnostics) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    each(group.stream(), diagnostics, |input, diagnostics| {
        let field = field(input, diagnostics)?;
        if fields.iter().any(|other| other.key == field.key) {
            diagnostics.error(
                field.key_span,
                format!(
                    "the key {:?} is in {place} already; remove one of the two",
                    field.key
                ),
            );
        } else {
            fields.push(field);
        }
        Ok(())
    });
    fields
}

fn array(group: &Group, diagnostics: &mut Diagnostics) -> Json {
    let mut items = Vec::new();
    each(group.stream(), diagnostics, |input, diagnostics| {
        items.push(value(
            input,
            diagnostics,
            "between these commas; write it, or remove one of them",
        )?);
        Ok(())
    });
    Json::Array {
        items,
        span: group.span(),
    }
}

fn field(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Field> {
    let (key, key_span) = key(input)?;
    colon(input, &key, key_span)?;
    let value = value(
        input,
        diagnostics,
        &format!("after `{key}:`; write it, such as `{key}: 1`"),
    )?;
    Ok(Field {
        key,
        key_span,
        value,
    })
}

/// A key: a bare word, keywords included, or a string.
pub(crate) fn key(input: ParseStream<'_>) -> syn::Result<(String, proc_macro2::Span)> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        return Ok((literal.value(), literal.span()));
    }
    if input.peek(Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        return Ok((word.unraw().to_string(), word.span()));
    }
    let message = if input.peek(Token![..]) {
        "`..` is for patterns; what is sent is written out whole, so remove it"
    } else {
        "a key is a word or a string: write `key: value` or `\"odd key\": value`"
    };
    Err(syn::Error::new(input.span(), message))
}

/// The `:` between a key and its value.
pub(crate) fn colon(
    input: ParseStream<'_>,
    key: &str,
    key_span: proc_macro2::Span,
) -> syn::Result<()> {
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        input.parse::<Token![:]>()?;
        return Ok(());
    }
    if input.peek(Token![=]) {
        return Err(input.error(format!(
            "a key and its value are joined by `:`; write `{key}: …`"
        )));
    }
    Err(syn::Error::new(
        key_span,
        format!("this key has no value; write `{key}: value`"),
    ))
}

fn value(input: ParseStream<'_>, diagnostics: &mut Diagnostics, place: &str) -> syn::Result<Json> {
    if at_end_of_element(input) {
        return Err(input.error(format!("a value is missing {place}")));
    }
    Ok(json(input, diagnostics))
}

/// Parses an expression, or takes what stands there up to the next `,` or `;`.
pub(crate) fn expression(input: ParseStream<'_>) -> UserExpr {
    let fork = input.fork();
    match fork.parse::<Expr>() {
        Ok(expression) => {
            input.advance_to(&fork);
            UserExpr {
                tokens: expression.to_token_stream(),
                parsed: Some(Box::new(expression)),
            }
        }
        Err(_) => UserExpr {
            tokens: skip_to_separator(input),
            parsed: None,
        },
    }
}

/// Runs `element` for each element of a list between commas.
///
/// After an error in one element the rest of it goes. A forgotten comma is reported, and the next
/// element is read.
pub(crate) fn each(
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
    mut element: impl FnMut(ParseStream<'_>, &mut Diagnostics) -> syn::Result<()>,
) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = element(input, diagnostics) {
                diagnostics.absorb(error);
                skip_to_separator(input);
            }
            if input.is_empty() || input.peek(Token![,]) {
                input.parse::<Option<Token![,]>>()?;
            } else if input.peek(Token![;]) {
                diagnostics.error(input.span(), "write `,` between the elements");
                input.parse::<Token![;]>()?;
            } else {
                diagnostics.error(input.span(), "a `,` is missing before this");
                if !(input.peek2(Token![:])) {
                    skip_to_separator(input);
                    input.parse::<Option<Token![,]>>()?;
                }
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        diagnostics.absorb(error);
    }
}

fn at_end_of_element(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}
