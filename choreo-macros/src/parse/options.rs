//! What comes after the pattern: time, numbers, and what is around the payload.

use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token, token};

use super::pattern::{PatternParser, at_separator, is_keyword};
use super::{count, duration};
use crate::model::pattern::Pattern;
use crate::model::{Asking, DurationArg, EnvelopePattern, ExpectOptions};
use crate::recover::{Diagnostics, error_here, skip_to_separator};

/// Where options stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Expect,
    Never,
    Reply,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Expect => "`expect!`",
            Self::Never => "`never!`",
            Self::Reply => "what a reply answers",
        }
    }
}

use Place::{Expect, Never, Reply};

/// The options of this version, with an example of each, and where it may stand. One without a value is
/// its own example.
static OPTIONS: [(&str, &str, &[Place]); 13] = [
    ("within", "within 50ms", &[Expect]),
    ("deadline", "deadline 200ms", &[Expect]),
    ("since", "since handle", &[Expect, Never]),
    ("times", "times 3", &[Expect]),
    ("at_least", "at_least 2", &[Expect]),
    ("exactly_once", "exactly_once", &[Expect]),
    ("for", "for 200ms", &[Expect, Never]),
    ("ordered_by", "ordered_by seq", &[Expect]),
    ("fail_fast", "fail_fast", &[Expect]),
    ("unrouted", "unrouted", &[Expect, Never]),
    (
        "headers",
        "headers { \"x-source\": \"test\" }",
        &[Expect, Never, Reply],
    ),
    ("key", "key \"ORD-42\"", &[Expect, Never, Reply]),
    (
        "metadata",
        "metadata { partition: 0 }",
        &[Expect, Never, Reply],
    ),
];

pub(crate) fn is_option(word: &Ident) -> bool {
    OPTIONS.iter().any(|(name, ..)| word == name)
}

/// Whether an option, known or not, comes next: a word and its value. A word in front of braces that
/// is no type's name is meant as one.
pub(crate) fn begins_option(input: ParseStream<'_>) -> bool {
    if input.peek(Token![for]) {
        return true;
    }
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else {
        return false;
    };
    let has_value = fork.peek(syn::Lit)
        || fork.peek(token::Brace) && word.to_string().starts_with(char::is_lowercase);
    is_option(&word) || (has_value && !is_keyword(&word))
}

/// Parses options up to the end; every mistake is reported and skipped.
pub(crate) fn parse(
    input: ParseStream<'_>,
    asking: Asking,
    diagnostics: &mut Diagnostics,
) -> ExpectOptions {
    let mut options = ExpectOptions::default();
    let place = match asking {
        Asking::Expect => Expect,
        Asking::Never => Never,
    };
    each(input, place, diagnostics, |word, input, diagnostics| {
        let name = word.to_string();
        match name.as_str() {
            "within" => {
                let within: DurationArg = duration::parse(input)?;
                set(&mut options.within, within, word)
            }
            "deadline" => {
                let deadline = (word.span(), duration::parse(input)?);
                set(&mut options.deadline, deadline, word)
            }
            "since" => {
                let since = without_parentheses(input.parse()?);
                set(&mut options.since, since, word)
            }
            "times" | "at_least" | "exactly_once" => {
                let count = count::parse(word, input)?;
                if let Some(other) = &options.count
                    && other.word != *word
                {
                    return Err(syn::Error::new(
                        word.span(),
                        format!(
                            "`{}` says how many already; keep one of the two (a range is `times 2..=5`)",
                            other.word
                        ),
                    ));
                }
                set(&mut options.count, count, word)
            }
            "for" => {
                let quiet = (word.span(), duration::parse(input)?);
                set(&mut options.quiet, quiet, word)
            }
            "ordered_by" => {
                let by = count::ordered_by(word, input)?;
                set(&mut options.ordered_by, by, word)
            }
            "fail_fast" => set(&mut options.fail_fast, word.span(), word),
            "unrouted" => set(&mut options.unrouted, word.span(), word),
            _ => envelope_option(word, input, &mut options.envelope, diagnostics),
        }
    });
    options
}

/// Parses the options of what a reply answers: what is around the payload.
pub(crate) fn envelope(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> EnvelopePattern {
    let mut envelope = EnvelopePattern::default();
    each(input, Reply, diagnostics, |word, input, diagnostics| {
        envelope_option(word, input, &mut envelope, diagnostics)
    });
    envelope
}

fn each(
    input: ParseStream<'_>,
    place: Place,
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
fn word(input: ParseStream<'_>, place: Place) -> syn::Result<Ident> {
    let word = if input.peek(Token![for]) {
        input.call(Ident::parse_any)
    } else {
        input.parse::<Ident>()
    };
    let Ok(word) = word else {
        return Err(error_here(
            input,
            format!("after the pattern come options: {}", list(place)),
        ));
    };
    let known = OPTIONS.iter().find(|(name, ..)| word == name);
    let wrong = match known {
        Some((_, _, places)) if !places.contains(&place) => misplaced(&word, place),
        Some((name, example, _)) => {
            if at_separator(input) && name != example {
                format!("`{word}` is followed by its value: `{example}`")
            } else if !at_separator(input) && name == example {
                format!("`{word}` is a word of its own; remove what follows it")
            } else {
                return Ok(word);
            }
        }
        None => format!(
            "`{word}` is not an option of {}; the options are {}",
            place.name(),
            list(place)
        ),
    };
    skip_to_separator(input);
    Err(syn::Error::new(word.span(), wrong))
}

/// What to write for an option that stands elsewhere.
fn misplaced(word: &Ident, place: Place) -> String {
    let name = word.to_string();
    match (place, name.as_str()) {
        (Reply, "within" | "deadline" | "since" | "for") => format!(
            "`{word}` is about time, and a reply has none: move it to an `expect!`; what a reply \
             answers has {}",
            list(place)
        ),
        (Never, "within") => {
            "`within` is a latency budget, and nothing is to come here: write how long \
                              nothing may come, `for 200ms`"
                .to_owned()
        }
        (Never, "deadline") => {
            "`deadline` is by when a message must come, and nothing is to come here: write how long \
             nothing may come, `for 200ms`"
                .to_owned()
        }
        (Never, "times" | "at_least" | "exactly_once") => format!(
            "`{word}` counts messages, and `never!` lets none come: remove it, or write it into an \
             `expect!`"
        ),
        (Never, "fail_fast") => {
            "the first message that `never!` forbids ends the scenario by itself; remove `fail_fast`"
                .to_owned()
        }
        _ => format!(
            "`{word}` does not go with {}; the options are {}",
            place.name(),
            list(place)
        ),
    }
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
        .find(|(name, ..)| word == name)
        .map_or("", |(_, example, _)| example)
}

fn list(place: Place) -> String {
    let examples: Vec<String> = OPTIONS
        .iter()
        .filter(|(.., places)| places.contains(&place))
        .map(|(_, example, _)| format!("`{example}`"))
        .collect();
    match examples.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => examples.concat(),
    }
}
