//! What comes after the pattern: `within 50ms`, `since handle`.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token};

use super::duration;
use super::pattern::at_separator;
use crate::model::{DurationArg, ExpectOptions};
use crate::recover::{Diagnostics, error_here, skip_to_separator};

/// The options of this version, with an example of each.
const OPTIONS: [(&str, &str); 2] = [("within", "within 50ms"), ("since", "since handle")];

pub(crate) fn is_option(word: &Ident) -> bool {
    OPTIONS.iter().any(|(name, _)| word == name)
}

/// Whether an option, known or not, comes next: a word and its value.
pub(crate) fn begins_option(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else {
        return false;
    };
    is_option(&word)
        || (fork.peek(syn::Lit)
            && !["bytes", "contains", "every", "any", "len"]
                .iter()
                .any(|name| word == name))
}

/// Parses options up to the end; every mistake is reported and skipped.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> ExpectOptions {
    let mut options = ExpectOptions::default();
    while !input.is_empty() {
        if let Err(error) = option(input, &mut options) {
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
    options
}

fn option(input: ParseStream<'_>, options: &mut ExpectOptions) -> syn::Result<()> {
    let Ok(word) = input.parse::<Ident>() else {
        return Err(error_here(
            input,
            format!("after the pattern come options: {}", list()),
        ));
    };
    if is_option(&word) && at_separator(input) {
        let example = OPTIONS
            .iter()
            .find(|(name, _)| word == name)
            .map_or("", |(_, example)| example);
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` is followed by its value: `{example}`"),
        ));
    }
    if word == "within" {
        let within: DurationArg = duration::parse(input)?;
        set(&mut options.within, within, &word)
    } else if word == "since" {
        let since = without_parentheses(input.parse()?);
        set(&mut options.since, since, &word)
    } else {
        skip_to_separator(input);
        Err(syn::Error::new(
            word.span(),
            format!(
                "`{word}` is not an option of `expect!`; the options are {}",
                list()
            ),
        ))
    }
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

fn list() -> String {
    let examples: Vec<String> = OPTIONS
        .iter()
        .map(|(_, example)| format!("`{example}`"))
        .collect();
    examples.join(" and ")
}
