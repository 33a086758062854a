//! The arguments of `expect!`, in order.

use syn::Token;
use syn::parse::ParseStream;

use super::pattern::PatternParser;
use super::{options, target, topic};
use crate::model::{ExpectOptions, Expectation, Subject};
use crate::recover::{Diagnostics, skip_to_end};

/// Parses `s, topic, pattern, options`. `None` when there is nothing to expand.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Expectation> {
    let Some(target) = diagnostics.take(target::parse(input, "expect!")) else {
        skip_to_end(input);
        return None;
    };
    let subject = if comma(input, diagnostics) {
        subject(input, diagnostics)
    } else {
        None
    };
    if subject.is_none() {
        if diagnostics.is_empty() {
            diagnostics.error(
                input.span(),
                "the topic is missing: write `expect!(s, \"orders.processed\", { … })` or \
                 `expect!(s, OrderProcessed { .. })`",
            );
        }
        skip_to_end(input);
    }
    let options = if comma(input, diagnostics) {
        options::parse(input, diagnostics)
    } else {
        ExpectOptions::default()
    };
    Some(Expectation {
        target,
        subject: subject?,
        options,
    })
}

fn subject(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Subject> {
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
