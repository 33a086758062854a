//! What comes after the pattern: `within 50ms`, `since handle`, and what is around the payload.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token, token};

use super::duration;
use super::pattern::{PatternParser, at_separator, is_keyword};
use crate::model::pattern::Pattern;
use crate::model::{DurationArg, EnvelopePattern, ExpectOptions};
use crate::recover::{Diagnostics, error_here, skip_to_separator};

/// The options of this version, with an example of each.
static OPTIONS: [(&str, &str); 5] = [
    ("within", "within 50ms"),
    ("since", "since handle"),
    ("headers", "headers { \"x-source\": \"test\" }"),
    ("key", "key \"ORD-42\""),
    ("metadata", "metadata { partition: 0 }"),
];

/// Where options stand, and which.
struct Place {
    name: &'static str,
    options: &'static [(&'static str, &'static str)],
}

const EXPECT: Place = Place {
    name: "`expect!`",
    options: &OPTIONS,
};

const REPLY: Place = Place {
    name: "what a reply answers",
    // Without those about time.
    options: OPTIONS.split_at(2).1,
};

pub(crate) fn is_option(word: &Ident) -> bool {
    OPTIONS.iter().any(|(name, _)| word == name)
}

/// Whether an option, known or not, comes next: a word and its value. A word in front of braces that
/// is no type's name is meant as one.
pub(crate) fn begins_option(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else {
        return false;
    };
    let has_value = fork.peek(syn::Lit)
        || fork.peek(token::Brace) && word.to_string().starts_with(char::is_lowercase);
    is_option(&word) || (has_value && !is_keyword(&word))
}

/// Parses options up to the end; every mistake is reported and skipped.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> ExpectOptions {
    let mut options = ExpectOptions::default();
    each(input, &EXPECT, diagnostics, |word, input, diagnostics| {
        if word == "within" {
            let within: DurationArg = duration::parse(input)?;
            set(&mut options.within, within, word)
        } else if word == "since" {
            let since = without_parentheses(input.parse()?);
            set(&mut options.since, since, word)
        } else {
            envelope_option(word, input, &mut options.envelope, diagnostics)
        }
    });
    options
}

/// Parses the options of what a reply answers: what is around the payload.
pub(crate) fn envelope(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> EnvelopePattern {
    let mut envelope = EnvelopePattern::default();
    each(input, &REPLY, diagnostics, |word, input, diagnostics| {
        if word == "within" || word == "since" {
            skip_to_separator(input);
            return Err(syn::Error::new(
                word.span(),
                format!(
                    "`{word}` is about time, and a reply has none: move it to an `expect!`; what a \
                     reply answers has {}",
                    list(REPLY.options)
                ),
            ));
        }
        envelope_option(word, input, &mut envelope, diagnostics)
    });
    envelope
}

fn each(
    input: ParseStream<'_>,
    place: &Place,
    diagnostics: &mut Diagnostics,
    mut option: impl FnMut(&Ident, ParseStream<'_>, &mut Diagnostics) -> syn::Result<()>,
) {
    while !input.is_empty() {
        let parsed = word(input, place).and_then(|word| option(&word, input, diagnostics));
        if let Err(error) = parsed {
            diagnostics.absorb(error);
            skip_to_separator(input);
        } else if !at_separator(input) {
            diagnostics.error(
                input.span(),
                "the option ends before this; write a comma between two options",
            );
            skip_to_separator(input);
        }
        if input.peek(Token![;]) {
            diagnostics.error(input.span(), "options are separated by `,`");
            let _semicolon = input.parse::<Token![;]>();
        } else if input.peek(Token![,]) {
            let _comma = input.parse::<Token![,]>();
        }
    }
}

/// The word that begins an option, which has a value.
fn word(input: ParseStream<'_>, place: &Place) -> syn::Result<Ident> {
    let Ok(word) = input.parse::<Ident>() else {
        return Err(error_here(
            input,
            format!("after the pattern come options: {}", list(place.options)),
        ));
    };
    if is_option(&word) && at_separator(input) {
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` is followed by its value: `{}`", example(&word)),
        ));
    }
    if !is_option(&word) {
        skip_to_separator(input);
        return Err(syn::Error::new(
            word.span(),
            format!(
                "`{word}` is not an option of {}; the options are {}",
                place.name,
                list(place.options)
            ),
        ));
    }
    Ok(word)
}

/// `headers { … }`, `key p`, `metadata { … }`
fn envelope_option(
    word: &Ident,
    input: ParseStream<'_>,
    envelope: &mut EnvelopePattern,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    if word == "key" {
        let pattern = PatternParser::new(diagnostics).element(input);
        return set(&mut envelope.key, pattern, word);
    }
    if !input.peek(token::Brace) {
        return Err(syn::Error::new(
            word.span(),
            format!(
                "`{word}` is followed by names and patterns in braces: `{}`",
                example(word)
            ),
        ));
    }
    let pattern: Pattern = PatternParser::new(diagnostics).object(input)?;
    let slot = if word == "headers" {
        &mut envelope.headers
    } else {
        &mut envelope.metadata
    };
    set(slot, pattern, word)
}

/// rustc would call the user's parentheses around an argument superfluous.
pub(super) fn without_parentheses(expr: Expr) -> Expr {
    match expr {
        Expr::Paren(parentheses) => *parentheses.expr,
        other => other,
    }
}

fn set<T>(slot: &mut Option<T>, value: T, word: &Ident) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new(
            word.span().span(),
            format!("`{word}` is given already; keep one of the two"),
        ));
    }
    *slot = Some(value);
    Ok(())
}

fn example(word: &Ident) -> &'static str {
    OPTIONS
        .iter()
        .find(|(name, _)| word == name)
        .map_or("", |(_, example)| example)
}

fn list(options: &[(&str, &str)]) -> String {
    let examples: Vec<String> = options
        .iter()
        .map(|(_, example)| format!("`{example}`"))
        .collect();
    match examples.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => examples.concat(),
    }
}
