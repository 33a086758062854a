//! The arguments of `expect!` and `never!`, in order.

use syn::parse::ParseStream;
use syn::{Expr, Ident, Token, bracketed, token};

use super::pattern::{PatternParser, operand_follows_dots};
use super::{options, snapshot, target, topic};
use crate::model::{Asking, ExpectOptions, Expectation, Subject};
use crate::recover::{Diagnostics, skip_to_end, skip_to_separator};

/// Parses `s, topic, pattern, options`. `None` when there is nothing to expand.
pub(crate) fn parse(
    input: ParseStream<'_>,
    asking: Asking,
    diagnostics: &mut Diagnostics,
) -> Option<Expectation> {
    let name = asking.macro_name();
    let Some(target) = diagnostics.take(target::parse(input, name)) else {
        skip_to_end(input);
        return None;
    };
    let subject = if comma(input, diagnostics) {
        subject(input, asking, diagnostics)
    } else {
        None
    };
    if subject.is_none() {
        if diagnostics.is_empty() {
            let window = match asking {
                Asking::Expect => "",
                Asking::Never => ", for 200ms",
            };
            diagnostics.error(
                input.span(),
                format!(
                    "the topic is missing: write `{name}(s, \"orders.processed\", {{ … }}{window})` or \
                     `{name}(s, OrderProcessed {{ .. }}{window})`"
                ),
            );
        }
        skip_to_end(input);
    }
    let options = if comma(input, diagnostics) {
        options::parse(input, asking, diagnostics)
    } else {
        ExpectOptions::default()
    };
    Some(Expectation {
        asking,
        target,
        subject: subject?,
        options,
    })
}

fn subject(
    input: ParseStream<'_>,
    asking: Asking,
    diagnostics: &mut Diagnostics,
) -> Option<Subject> {
    if topic::begins_typed(input) {
        return Some(Subject::Typed(
            PatternParser::new(diagnostics).element(input),
        ));
    }
    let topic = match topic::parse(input) {
        Ok(topic) => topic,
        Err(error) => {
            diagnostics.absorb(error);
            return None;
        }
    };
    if begins_set(input) {
        return set(input, asking, topic, diagnostics);
    }
    if snapshot::begins(input) {
        return self::snapshot(input, asking, topic, diagnostics);
    }
    // A look ahead, as the comma may belong to the options.
    let fork = input.fork();
    let pattern = if fork.parse::<Token![,]>().is_ok()
        && !fork.is_empty()
        && !options::begins_option(&fork)
    {
        let _comma = input.parse::<Token![,]>();
        Some(PatternParser::new(diagnostics).element(input))
    } else {
        None
    };
    Some(Subject::Topic {
        topic: Box::new(topic),
        pattern,
    })
}

/// `, snapshot`
fn snapshot(
    input: ParseStream<'_>,
    asking: Asking,
    topic: Expr,
    diagnostics: &mut Diagnostics,
) -> Option<Subject> {
    let _comma = input.parse::<Token![,]>();
    let span = input.span();
    let parsed = snapshot::parse(input, diagnostics);
    let snapshot = diagnostics.take(parsed)?;
    if asking == Asking::Never {
        diagnostics.error(
            span,
            "a snapshot is of a message that comes, and `never!` forbids messages: write a pattern of those \
             that must not come",
        );
        return None;
    }
    Some(Subject::Snapshot {
        topic: Box::new(topic),
        snapshot,
    })
}

/// `, unordered [`
fn begins_set(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Token![,]>().is_ok()
        && fork.parse::<Ident>().is_ok_and(|word| word == "unordered")
        && fork.peek(token::Bracket)
}

/// `, unordered [p, q]`: a message of its own for each pattern.
fn set(
    input: ParseStream<'_>,
    asking: Asking,
    topic: Expr,
    diagnostics: &mut Diagnostics,
) -> Option<Subject> {
    let _comma = input.parse::<Token![,]>();
    let keyword = diagnostics.take(input.parse::<Ident>())?.span();
    let parse = |input: ParseStream<'_>, diagnostics: &mut Diagnostics| {
        let content;
        bracketed!(content in input);
        let mut patterns = Vec::new();
        while !content.is_empty() {
            if content.peek(Token![..]) && !operand_follows_dots(&content) {
                diagnostics.error(
                    content.span(),
                    "a set lets further messages come as it is; remove the `..`",
                );
                skip_to_separator(&content);
            } else {
                patterns.push(PatternParser::new(diagnostics).element(&content));
            }
            PatternParser::new(diagnostics).separator(&content, "in a set of messages");
        }
        Ok(patterns)
    };
    let parsed = parse(input, diagnostics);
    let patterns = diagnostics.take(parsed)?;
    if asking == Asking::Never {
        diagnostics.error(
            keyword,
            "`never!` forbids what one pattern accepts; join several with `|`: `{ … } | { … }`",
        );
        return None;
    }
    if patterns.is_empty() && diagnostics.is_empty() {
        diagnostics.error(
            keyword,
            "a set without patterns wants no message; write one for each message: `unordered [{ id: 1 }, \
             { id: 2 }]`",
        );
    }
    Some(Subject::Set {
        topic: Box::new(topic),
        patterns,
    })
}

/// Whether a comma and something after it follow. Anything else but the end is reported.
fn comma(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> bool {
    if input.is_empty() {
        return false;
    }
    if input.parse::<Token![,]>().is_err() {
        diagnostics.error(input.span(), "write a comma before this");
        skip_to_end(input);
        return false;
    }
    !input.is_empty()
}
