//! `snapshot`, `snapshot "name"`, `snapshot { ".id" => "[id]" }`: a whole message as it was approved of.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::{Expr, Ident, LitStr, Token, braced, token};

use super::pattern::at_separator;
use crate::model::snapshot::{Redaction, SelectorStep, SnapshotForm};
use crate::recover::{Diagnostics, error_here, skip_to_end, skip_to_separator};

const EXAMPLE: &str = "`snapshot { \".id\" => \"[id]\" }`";

/// Whether a comma and a snapshot come next.
pub(super) fn begins(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Token![,]>().is_ok() && is_word(&fork)
}

/// Whether the word stands for a snapshot here, and for no variable or function.
pub(super) fn is_word(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Ident>().is_ok_and(|word| word == "snapshot")
        && (at_separator(&fork)
            || fork.peek(LitStr)
            || fork.peek(token::Brace)
            || fork.peek(token::Paren)
            || fork.peek(Token![&])
            || fork.peek(Token![|]))
}

/// Parses a snapshot up to the comma behind it. What is wrong is reported and skipped.
pub(super) fn parse(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<SnapshotForm> {
    let word: Ident = input.parse()?;
    let name = if input.peek(LitStr) || input.peek(token::Paren) {
        let name: TokenTree = input.parse()?;
        Some(match syn::parse2(name.into())? {
            // The parentheses belong to the pattern language: rustc would call them superfluous.
            Expr::Paren(inner) => *inner.expr,
            name => name,
        })
    } else {
        None
    };
    let mut redactions = Vec::new();
    if input.peek(token::Brace) {
        let content;
        braced!(content in input);
        while !content.is_empty() {
            match redaction(&content) {
                Ok(redaction) => redactions.push(redaction),
                Err(error) => {
                    diagnostics.absorb(error);
                    skip_to_separator(&content);
                }
            }
            if !content.is_empty() && content.parse::<Token![,]>().is_err() {
                diagnostics.error(content.span(), "redactions are separated by `,`");
                skip_to_end(&content);
            }
        }
    }
    if !at_separator(input) {
        let span = input.span();
        skip_to_separator(input);
        diagnostics.error(
            span,
            "a snapshot is compared with the whole message, so it stands alone: say what else must hold in \
             an `expect!` of its own",
        );
    }
    Ok(SnapshotForm {
        word,
        name,
        redactions,
    })
}

/// `".items[].id" => "[id]"`
fn redaction(input: ParseStream<'_>) -> syn::Result<Redaction> {
    if !input.peek(LitStr) {
        return Err(error_here(
            input,
            format!(
                "a redaction is a place and what stands there in the snapshot: write {EXAMPLE}"
            ),
        ));
    }
    let place: LitStr = input.parse()?;
    let selector = selector(&place.value()).map_err(|why| syn::Error::new(place.span(), why))?;
    if input.parse::<Token![=>]>().is_err() {
        return Err(syn::Error::new(
            place.span(),
            format!("what stands there in the snapshot? write {EXAMPLE}"),
        ));
    }
    if at_separator(input) {
        return Err(error_here(
            input,
            format!("a value is missing after `=>`: write {EXAMPLE}"),
        ));
    }
    Ok(Redaction {
        place,
        selector,
        value: input.parse()?,
    })
}

/// The steps of one of insta's selectors: `.items[].id`, `["odd key"]`, `[0]`, `[1:]`, `.*`, `.**`.
fn selector(text: &str) -> Result<Vec<SelectorStep>, String> {
    if text == "." {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (step, behind) = if let Some(rest) = rest.strip_prefix(".**") {
            if steps.contains(&SelectorStep::Deep) {
                return Err("`.**` stands once in a place".to_owned());
            }
            (SelectorStep::Deep, rest)
        } else if let Some(rest) = rest.strip_prefix(".*") {
            (SelectorStep::Any, rest)
        } else if let Some(rest) = rest.strip_prefix('.') {
            key(rest)?
        } else if let Some(rest) = rest.strip_prefix('[') {
            subscript(rest)?
        } else {
            return Err(format!(
                "the place of a redaction begins with `.` or `[`: write `\".{text}\"`; a list's elements are \
                 `[]`, any field `.*`, and `.**` is any depth"
            ));
        };
        steps.push(step);
        rest = behind;
    }
    if steps.is_empty() {
        return Err(
            "a place is missing: write `\".id\"`, or `\".\"` for the whole message".to_owned(),
        );
    }
    Ok(steps)
}

fn key(rest: &str) -> Result<(SelectorStep, &str), String> {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
    let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    if name.is_empty() || name.starts_with(|letter: char| letter.is_numeric()) {
        return Err(
            "after `.` goes the name of a field, `*` or `**`; a name that is no word is written `[\"odd key\"]`, \
             a list's element `[0]`"
                .to_owned(),
        );
    }
    if behind.starts_with(['.', '[']) || behind.is_empty() {
        return Ok((SelectorStep::Key(name.to_owned()), behind));
    }
    Err(format!(
        "a name that is no word is written in brackets and quotes, as in `[\"{name}-…\"]`"
    ))
}

fn subscript(rest: &str) -> Result<(SelectorStep, &str), String> {
    const WRONG: &str = "in brackets goes a key in quotes, an index, or a range: `[\"odd key\"]`, `[0]`, `[1:]`, `[]`";
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, behind) = quoted.split_once("\"]").ok_or(WRONG)?;
        return Ok((SelectorStep::Key(name.to_owned()), behind));
    }
    let (inner, behind) = rest.split_once(']').ok_or(WRONG)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text.parse::<i64>().map(Some).map_err(|_| WRONG.to_owned()),
    };
    let step = match inner.split_once(':') {
        Some((start, end)) => SelectorStep::Range(number(start)?, number(end)?),
        None if inner.is_empty() => SelectorStep::Range(None, None),
        None => SelectorStep::Index(inner.parse().map_err(|_| WRONG.to_owned())?),
    };
    Ok((step, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_those_of_insta() {
        use SelectorStep::{Any, Deep, Index, Key, Range};
        let key = |name: &str| Key(name.to_owned());
        let right = [
            (".", vec![]),
            (".id", vec![key("id")]),
            (
                ".items[].sku",
                vec![key("items"), Range(None, None), key("sku")],
            ),
            ("[\"odd.key]\"][0]", vec![key("odd.key]"), Index(0)]),
            (
                ".a[1:][:-1][0:2]",
                vec![
                    key("a"),
                    Range(Some(1), None),
                    Range(None, Some(-1)),
                    Range(Some(0), Some(2)),
                ],
            ),
            (".*.x.**", vec![Any, key("x"), Deep]),
        ];
        for (text, steps) in right {
            assert_eq!(selector(text), Ok(steps), "{text}");
        }
        for text in [
            "", "id", "..id", ".9", ".odd-key", "[-1]", "[x]", "[0", ".**.**",
        ] {
            assert!(selector(text).is_err(), "{text}");
        }
    }
}
