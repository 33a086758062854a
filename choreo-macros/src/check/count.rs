//! Numbers of messages: those that nothing satisfies, and options that need a number.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit};

use crate::model::{Amount, Asking, CountArg, Expectation, Subject};
use crate::recover::Diagnostics;

/// Reports what is wrong; what is refused is taken out, so that the compiler does not report it again.
pub(crate) fn count(expectation: &mut Expectation, diagnostics: &mut Diagnostics) {
    let Expectation {
        asking,
        subject,
        options,
        ..
    } = expectation;
    if *asking == Asking::Never {
        if options.quiet.is_none() && diagnostics.is_empty() {
            diagnostics.error(
                span_of(subject),
                "how long must nothing come? write the window after the pattern: `for 200ms`",
            );
        }
        return;
    }
    if let Subject::Set { .. } = subject {
        if let Some(CountArg { word, .. }) = options.count.take() {
            diagnostics.error(
                word.span(),
                format!(
                    "a set has its number: one message for each pattern; remove the `{word}`, or write a \
                     pattern as often as it is to come"
                ),
            );
        }
        for (word, name) in [
            (options.quiet.take().map(|(word, _)| word), "for"),
            (options.ordered_by.take().map(|by| by.word), "ordered_by"),
        ] {
            if let Some(word) = word {
                diagnostics.error(
                    word,
                    format!(
                        "`{name}` goes with a number of messages that one pattern accepts, as in `times 3`; \
                         a set is in no order and lets further messages come"
                    ),
                );
            }
        }
        return;
    }
    let quiet = options.quiet.is_some();
    match &options.count {
        None => {
            if let Some((word, _)) = options.quiet.take() {
                diagnostics.error(
                    word,
                    "`for` is how long nothing further may come, so it goes with a number: write \
                     `times 1, for 200ms`; where nothing may come at all write `never!`",
                );
            }
            if let Some(by) = options.ordered_by.take() {
                diagnostics.error(
                    by.word,
                    "`ordered_by` compares several messages; write how many: `times 3, ordered_by seq`",
                );
            }
        }
        Some(count) => {
            if options.ordered_by.is_some() && is_one(&count.amount) {
                diagnostics.error(
                    count.word.span(),
                    "one message has no order; write how many are to come, such as `times 3`, or remove \
                     the `ordered_by`",
                );
            }
            if let Some((span, text)) = problem(count, quiet) {
                diagnostics.error(span, text);
                options.count = None;
                options.quiet = None;
                options.ordered_by = None;
            }
        }
    }
}

fn span_of(subject: &Subject) -> Span {
    match subject {
        Subject::Topic { topic, .. }
        | Subject::Snapshot { topic, .. }
        | Subject::Set { topic, .. } => topic.span(),
        Subject::Typed(pattern) => pattern.span(),
    }
}

fn is_one(amount: &Amount) -> bool {
    match amount {
        Amount::Once => true,
        Amount::Exactly(number) => literal(number) == Some(Ok(1)),
        Amount::Between { .. } | Amount::AtLeast(_) => false,
    }
}

const NEVER: &str = "write `never!(s, topic, pattern, for 200ms)`";

/// What is wrong with literal numbers; computed ones are looked at when the test runs.
fn problem(count: &CountArg, quiet: bool) -> Option<(Span, String)> {
    let numbers = match &count.amount {
        Amount::Once => return None,
        Amount::Exactly(number) | Amount::AtLeast(number) => vec![number],
        Amount::Between { low, high, .. } => vec![low, high],
    };
    for number in &numbers {
        if let Some(Err(text)) = literal(number) {
            return Some((number.span(), text));
        }
    }
    let value = |number: &Expr| literal(number).and_then(Result::ok);
    match &count.amount {
        Amount::Exactly(number) if value(number) == Some(0) => Some((
            number.span(),
            format!("nothing is expected with `times 0`; {NEVER}"),
        )),
        Amount::AtLeast(number) if value(number) == Some(0) => Some((
            number.span(),
            format!(
                "any number is at least 0, so this holds whatever comes; write `{} 1{}`",
                count.word,
                if count.word == "times" { ".." } else { "" }
            ),
        )),
        Amount::Between {
            low,
            high,
            inclusive,
        } => {
            let (from, to) = (value(low)?, value(high)?);
            let last = if *inclusive {
                Some(to)
            } else {
                to.checked_sub(1)
            };
            let whole = span_over(low, high);
            match last {
                Some(0) if from == 0 => {
                    Some((whole, format!("no message fits into this range; {NEVER}")))
                }
                Some(last) if from > last && from > to => Some((
                    whole,
                    format!("this range is reversed; write `times {to}..={from}`"),
                )),
                Some(last) if last >= from => (from == 0 && !quiet).then(|| {
                    let text = "none is needed, so this holds as soon as the scenario is triggered; add the \
                                time in which more could come: `for 200ms`";
                    (whole, text.to_owned())
                }),
                _ => Some((
                    whole,
                    format!("this range is empty; write `times {from}..={to}` to include its end"),
                )),
            }
        }
        _ => None,
    }
}

fn span_over(low: &Expr, high: &Expr) -> Span {
    let low = low.span();
    low.join(high.span()).unwrap_or(low)
}

/// A literal's number, or why it is none. Nothing where it is computed.
pub(super) fn literal(number: &Expr) -> Option<Result<u64, String>> {
    const WHOLE: &str = "the number of messages is a whole number, such as `3`";
    match number {
        Expr::Lit(ExprLit {
            lit: Lit::Int(literal),
            ..
        }) => Some(literal.base10_parse().map_err(|_| {
            "this number is too large; write one that fits into 64 bits, such as `3`".to_owned()
        })),
        Expr::Lit(_) => Some(Err(WHOLE.to_owned())),
        Expr::Unary(unary) if matches!(*unary.expr, Expr::Lit(_)) => Some(Err(format!(
            "`{}` messages never come; {WHOLE}",
            crate::text::of_tokens(number.to_token_stream())
        ))),
        _ => None,
    }
}
