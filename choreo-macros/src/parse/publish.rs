//! `publish!` and `request!`: `s, topic, payload, options` or `s, message, options`.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, ExprLit, Ident, Lit, Token, token};

use crate::check;
use crate::model::{
    Header, Json, Payload, Publication, PublishOptions, Published, Sending, UserExpr,
};
use crate::parse::{payload, target};
use crate::recover::{Diagnostics, skip_to_end, skip_to_separator};

/// Parses what follows `[$crate]`; nothing when even the scenario is missing.
pub(crate) fn parse(
    input: ParseStream<'_>,
    sending: Sending,
    diagnostics: &mut Diagnostics,
) -> Option<Publication> {
    let target = match target::parse(input, sending.macro_name()) {
        Ok(target) => target,
        Err(error) => {
            diagnostics.absorb(error);
            skip_to_end(input);
            return None;
        }
    };
    comma(input, diagnostics);
    let mut options = PublishOptions::default();
    let what = published(input, sending, &target.ident, diagnostics);
    if what.is_none() {
        skip_to_end(input);
    }
    self::options(input, &mut options, diagnostics);
    Some(Publication {
        sending,
        target,
        what,
        options,
    })
}

fn published(
    input: ParseStream<'_>,
    sending: Sending,
    scenario: &Ident,
    diagnostics: &mut Diagnostics,
) -> Option<Published> {
    let name = sending.macro_name();
    if input.is_empty() {
        let what = match sending {
            Sending::Publish => "published",
            Sending::Request => "requested",
        };
        diagnostics.error(
            scenario.span(),
            format!(
                "what is {what}? write `{name}({scenario}, \"topic\", {{ key: value }})`, or \
                 `{name}({scenario}, message)` with a type that has `#[derive(Message)]`"
            ),
        );
        return None;
    }
    if input.peek(token::Brace) || input.peek(token::Bracket) || is_raw(input) {
        diagnostics.error(
            input.span(),
            format!(
                "a payload does not say where it goes; put the topic before it: \
                 `{name}({scenario}, \"topic\", …)`"
            ),
        );
        return None;
    }
    let first = payload::expression(input);
    check::topic::expression(first.parsed.as_deref(), diagnostics);
    let is_literal = is_string(&first);
    if input.peek(Token![,]) {
        let ahead = input.fork();
        if ahead.parse::<Token![,]>().is_ok() && !ahead.is_empty() && !is_option(&ahead, is_literal)
        {
            comma(input, diagnostics);
            let payload = payload::payload(input, diagnostics);
            return Some(Published::Payload {
                topic: first,
                payload,
            });
        }
    }
    if is_literal {
        diagnostics.error_spanned(
            &first.tokens,
            format!(
                "a topic alone is no message; write what is sent: `{name}({scenario}, {}, \
                 {{ key: value }})`",
                first.tokens
            ),
        );
        return Some(Published::Payload {
            topic: first,
            payload: Payload::Json(Json::Null {
                span: scenario.span(),
            }),
        });
    }
    Some(Published::Message(first))
}

/// `headers { … }`, `key …` and `metadata { … }`, each at most once.
fn options(input: ParseStream<'_>, options: &mut PublishOptions, diagnostics: &mut Diagnostics) {
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        comma(input, diagnostics);
        if input.is_empty() {
            break;
        }
        let parsed = word(input).and_then(|word| {
            option(&word, input, options, diagnostics)?;
            once(&word, &mut seen, diagnostics);
            Ok(())
        });
        if let Err(error) = parsed {
            diagnostics.absorb(error);
            skip_to_separator(input);
            if input.peek(Token![;]) {
                skip_to_end(input);
            }
        }
    }
}

const LIST: &str = "after the payload come `headers { name: \"value\" }`, `key value` and \
     `metadata { name: value }`";

fn word(input: ParseStream<'_>) -> syn::Result<Ident> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(LIST));
    }
    input.call(Ident::parse_any)
}

/// An option that was there already is reported.
pub(super) fn once(word: &Ident, seen: &mut Vec<String>, diagnostics: &mut Diagnostics) {
    let name = word.to_string();
    if seen.contains(&name) {
        diagnostics.error(
            word.span(),
            format!("`{name}` is given twice; remove one of the two"),
        );
    }
    seen.push(name);
}

/// What follows the word of an option.
pub(super) fn option(
    word: &Ident,
    input: ParseStream<'_>,
    options: &mut PublishOptions,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    let name = word.to_string();
    match name.as_str() {
        "headers" if input.peek(token::Brace) => {
            let group: proc_macro2::Group = input.parse()?;
            payload::each(group.stream(), diagnostics, |input, diagnostics| {
                options.headers.push(header(input, diagnostics)?);
                Ok(())
            });
        }
        "headers" => {
            return Err(syn::Error::new(
                word.span(),
                "headers are a list in braces: write `headers { \"x-source\": \"test\" }`",
            ));
        }
        "metadata" if input.peek(token::Brace) => {
            let group: proc_macro2::Group = input.parse()?;
            options.metadata = payload::fields(&group, "this metadata", diagnostics);
        }
        "metadata" => {
            return Err(syn::Error::new(
                word.span(),
                "metadata is a list in braces: write `metadata { partition: 2 }`",
            ));
        }
        "key" if !input.is_empty() && !input.peek(Token![,]) => {
            options.key = Some(payload::expression(input));
        }
        "key" => {
            return Err(syn::Error::new(
                word.span(),
                "`key` needs a value: write `key \"ORD-42\"`",
            ));
        }
        "within" | "deadline" | "times" | "since" | "for" => {
            return Err(syn::Error::new(
                word.span(),
                format!("`{name}` is about messages that come, so it goes into `expect!`; {LIST}"),
            ));
        }
        _ => {
            return Err(syn::Error::new(
                word.span(),
                format!("unknown option `{name}`; {LIST}"),
            ));
        }
    }
    Ok(())
}

fn header(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Header> {
    let (name, name_span) = payload::key(input)?;
    payload::colon(input, &name, name_span)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(
            name_span,
            format!("this header has no value; write `{name:?}: \"value\"`"),
        ));
    }
    if name.is_empty() || name.contains(|letter: char| letter.is_whitespace() || letter == ':') {
        diagnostics.error(
            name_span,
            "the name of a header is one word without `:`, such as \"x-source\"",
        );
    }
    Ok(Header {
        name,
        name_span,
        value: payload::expression(input),
    })
}

fn comma(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    if input.is_empty() {
        return;
    }
    if input.peek(Token![,]) {
        diagnostics.take(input.parse::<Token![,]>());
        return;
    }
    diagnostics.error(input.span(), "a `,` is missing before this");
    if input.peek(Token![;]) {
        skip_to_end(input);
    }
}

fn is_string(expression: &UserExpr) -> bool {
    matches!(
        expression.parsed.as_deref(),
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(_),
            ..
        }))
    )
}

fn is_raw(input: ParseStream<'_>) -> bool {
    input
        .fork()
        .parse::<Ident>()
        .is_ok_and(|word| word == "bytes")
        && input.peek2(Lit)
}

/// Whether an option stands where a payload could: then what came before it is a typed message.
/// After a topic in quotes, `key(…)` is a call that makes the payload.
fn is_option(input: ParseStream<'_>, after_topic: bool) -> bool {
    match input.fork().call(Ident::parse_any) {
        Ok(word) if word == "headers" || word == "metadata" => input.peek2(token::Brace),
        Ok(word) if word == "key" => {
            input.peek2(Lit)
                || input.peek2(Ident::peek_any)
                || (input.peek2(token::Paren) && !after_topic)
        }
        _ => false,
    }
}
