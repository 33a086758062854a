//! What comes after the answer of a reply: how often, when, how reliably, and what is around it.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Ident, Lit, LitInt, Token};

use crate::model::{Delay, ErrorRate, Repeat, ReplyOptions, Seed, State, UserExpr};
use crate::parse::pattern::at_separator;
use crate::parse::{duration, payload, publish};
use crate::recover::{Diagnostics, skip_to_end, skip_to_separator};

/// The options, with an example of each.
const OPTIONS: [(&str, &str); 12] = [
    ("times", "times 3"),
    ("always", "always"),
    ("required", "required"),
    ("delay", "delay 20ms"),
    ("error_rate", "error_rate 0.2 => { error: \"busy\" }"),
    ("drop_rate", "drop_rate 0.1"),
    ("drop_first", "drop_first 2"),
    ("seed", "seed 42"),
    ("state", "state 0"),
    ("headers", "headers { \"x-source\": \"test\" }"),
    ("key", "key \"ORD-42\""),
    ("metadata", "metadata { partition: 0 }"),
];

/// Parses options up to the end; every mistake is reported and skipped.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> ReplyOptions {
    let mut options = ReplyOptions::default();
    let mut seen = Vec::new();
    while !input.is_empty() {
        if input.parse::<Token![,]>().is_err() {
            diagnostics.error(
                input.span(),
                "the answer or the option ends before this; write `,` and an option such as `times 3`",
            );
            skip_to_end(input);
            break;
        }
        if input.is_empty() {
            break;
        }
        if let Err(error) = option(input, &mut options, &mut seen, diagnostics) {
            diagnostics.absorb(error);
            skip_to_separator(input);
        }
    }
    options
}

/// Whether an option stands where the answer should: a word and its value.
pub(crate) fn begins(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else {
        return false;
    };
    let has_value = fork.peek(Lit) || fork.peek(Ident::peek_any);
    word == "times" || has_value && OPTIONS.iter().any(|(name, _)| word == name)
}

fn option(
    input: ParseStream<'_>,
    options: &mut ReplyOptions,
    seen: &mut Vec<String>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    let span = input.span();
    let word = input
        .call(Ident::parse_any)
        .map_err(|_| syn::Error::new(span, format!("after the answer come options: {}", list())))?;
    let name = word.to_string();
    let Some((_, example)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        return Err(syn::Error::new(
            word.span(),
            format!("unknown option `{word}`; after the answer come {}", list()),
        ));
    };
    let is_word = matches!(name.as_str(), "always" | "required");
    let at_end = at_separator(input);
    if !is_word && at_end {
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` is followed by its value: write `{example}`"),
        ));
    }
    if is_word && !at_end {
        return Err(syn::Error::new(
            input.span(),
            format!("`{word}` stands alone; remove this"),
        ));
    }
    publish::once(&word, seen, diagnostics);
    match name.as_str() {
        "times" => {
            let times = count(
                input,
                "a reply is sent at least once; write a number from 1, or remove the reply",
            )?;
            repeat(options, Repeat::Times(times, word.span()), diagnostics);
        }
        "always" => repeat(options, Repeat::Always(word.span()), diagnostics),
        "required" => options.required = Some(word.span()),
        "delay" => options.delay = Some(delay(input)?),
        "error_rate" => options.error = Some(error_rate(input, &word, diagnostics)?),
        "drop_rate" => options.drop_rate = Some(rate(input, &word)?),
        "drop_first" => {
            options.drop_first = Some(count(
                input,
                "no trigger is dropped then; write a number from 1, or remove `drop_first`",
            )?);
        }
        "seed" => {
            options.seed = Some(Seed {
                value: payload::expression(input),
                word: word.span(),
            });
        }
        "state" => {
            options.state = Some(State {
                value: payload::expression(input),
                word: word.span(),
            });
        }
        _ => publish::option(&word, input, &mut options.around, diagnostics)?,
    }
    Ok(())
}

fn repeat(options: &mut ReplyOptions, repeat: Repeat, diagnostics: &mut Diagnostics) {
    if let Some(other) = &options.repeat
        && matches!(other, Repeat::Always(_)) != matches!(repeat, Repeat::Always(_))
    {
        diagnostics.error(
            repeat.span(),
            "`always` has no end, and `times` is one; remove one of the two",
        );
    }
    options.repeat = Some(repeat);
}

/// A number; a literal zero is refused with `zero`.
fn count(input: ParseStream<'_>, zero: &str) -> syn::Result<UserExpr> {
    let count = payload::expression(input);
    if let Ok(literal) = syn::parse2::<LitInt>(count.tokens.clone())
        && literal
            .base10_parse::<u32>()
            .map_or(true, |count| count == 0)
    {
        return Err(syn::Error::new(literal.span(), zero));
    }
    Ok(count)
}

/// `20ms`, `10ms..50ms`, or a closure.
fn delay(input: ParseStream<'_>) -> syn::Result<Delay> {
    if input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]) {
        let draw = payload::expression(input);
        if let Some(Expr::Closure(closure)) = draw.parsed.as_deref()
            && closure.inputs.len() != 1
        {
            return Err(syn::Error::new_spanned(
                closure,
                "the closure of a delay takes a number from 0 to 1, which chance decides: write `delay |share| \
                 Duration::from_secs_f64(0.05 * share * share)`",
            ));
        }
        return Ok(Delay::Drawn(draw));
    }
    let written = skip_to_separator(input);
    let Some((low, high, dots)) = range(&written) else {
        return duration::parse.parse2(written).map(Delay::Fixed);
    };
    if low.is_empty() || high.is_empty() {
        return Err(syn::Error::new(
            dots,
            "a delay between two durations names both: write `delay 10ms..50ms`",
        ));
    }
    let (low, high) = (duration::parse.parse2(low)?, duration::parse.parse2(high)?);
    if let (Some(from), Some(to)) = (low.nanos(), high.nanos())
        && from >= to
    {
        return Err(syn::Error::new(
            dots,
            "the first duration is the shorter one: write `delay 10ms..50ms`",
        ));
    }
    Ok(Delay::Between(low, high))
}

/// What is before and after `..` or `..=`, and where that is.
fn range(written: &TokenStream) -> Option<(TokenStream, TokenStream, Span)> {
    let tokens: Vec<TokenTree> = written.clone().into_iter().collect();
    let is = |at: usize, letter: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == letter);
    let dots = (0..tokens.len()).find(|&at| is(at, '.') && is(at + 1, '.'))?;
    let after = dots + if is(dots + 2, '=') { 3 } else { 2 };
    Some((
        tokens[..dots].iter().cloned().collect(),
        tokens[after..].iter().cloned().collect(),
        tokens[dots].span(),
    ))
}

/// `0.2 => payload`
fn error_rate(
    input: ParseStream<'_>,
    word: &Ident,
    diagnostics: &mut Diagnostics,
) -> syn::Result<ErrorRate> {
    let rate = rate(input, word)?;
    let arrow = input.parse::<Option<Token![=>]>>()?;
    if arrow.is_none() || input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(
            word.span(),
            "the error that is answered is missing; write it after the share: `error_rate 0.2 => { \
             error: \"busy\" }`",
        ));
    }
    Ok(ErrorRate {
        rate,
        payload: payload::payload(input, diagnostics),
    })
}

/// A share from 0.0 to 1.0.
fn rate(input: ParseStream<'_>, word: &Ident) -> syn::Result<UserExpr> {
    if input.peek(Token![-]) && input.peek2(Lit) {
        return Err(syn::Error::new(
            input.span(),
            format!("a share is never negative; write `{word} 0.2`"),
        ));
    }
    let share = payload::expression(input);
    if share.tokens.to_string().trim_end().ends_with('%') {
        return Err(syn::Error::new_spanned(
            &share.tokens,
            format!("a share is a number from 0.0 to 1.0; write `{word} 0.2`"),
        ));
    }
    let Ok(literal) = syn::parse2::<Lit>(share.tokens.clone()) else {
        return Ok(share);
    };
    let digits = match &literal {
        Lit::Float(number) => number.base10_digits().to_owned(),
        Lit::Int(number) => number.base10_digits().to_owned(),
        _ => String::new(),
    };
    let problem = match digits.parse::<f64>() {
        Ok(rate) if rate <= 0.0 => {
            format!("this never happens; write a share above zero, or remove `{word}`")
        }
        Ok(rate) if rate <= 1.0 => {
            // `1` is a share as `1.0` is.
            let mut float = proc_macro2::Literal::f64_suffixed(rate);
            float.set_span(literal.span());
            return Ok(UserExpr {
                tokens: TokenTree::Literal(float).into(),
                parsed: share.parsed,
            });
        }
        _ => format!("a share is a number from 0.0 to 1.0; write `{word} 0.2`"),
    };
    Err(syn::Error::new(literal.span(), problem))
}

fn list() -> String {
    let (last, others) = OPTIONS.split_last().expect("there are options");
    let others: Vec<_> = others
        .iter()
        .map(|(_, example)| format!("`{example}`"))
        .collect();
    format!("{} and `{}`", others.join(", "), last.1)
}
