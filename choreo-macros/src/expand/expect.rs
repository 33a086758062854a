//! `expect!` and `never!`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit};

use super::{pattern, snapshot, typed};
use crate::check;
use crate::model::pattern::Pattern;
use crate::model::{Amount, Asking, ExpectOptions, Expectation, Step, Subject};
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

/// `[$crate] s, topic, pattern, options`
pub(crate) fn entry(input: TokenStream, asking: Asking) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        let mut diagnostics = Diagnostics::new();
        let expectation = parse::expect::parse(input, asking, &mut diagnostics);
        let expansion = match expectation {
            Some(mut expectation) => expand(&mut expectation, &paths, &mut diagnostics),
            None => TokenStream::new(),
        };
        Ok(super::with_errors(expansion, diagnostics))
    };
    parser
        .parse2(input)
        .unwrap_or_else(|error| error.into_compile_error())
}

/// Reports captures where a handle has no value for them.
fn refuse_captures(expectation: &mut Expectation, diagnostics: &mut Diagnostics) {
    let mut refuse = |patterns: &mut [Pattern], refusal| {
        for pattern in patterns {
            check::capture(pattern, Some(refusal), diagnostics);
        }
    };
    match (&mut expectation.subject, expectation.asking) {
        (Subject::Set { patterns, .. }, _) => refuse(patterns, check::Refusal::Set),
        (
            Subject::Topic {
                pattern: Some(pattern),
                ..
            }
            | Subject::Typed(pattern),
            Asking::Never,
        ) => {
            refuse(std::slice::from_mut(pattern), check::Refusal::Never);
        }
        (Subject::Topic { .. } | Subject::Typed(_) | Subject::Snapshot { .. }, _) => {}
    }
}

fn expand(
    expectation: &mut Expectation,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    check::count(expectation, diagnostics);
    check::time(expectation, diagnostics);
    refuse_captures(expectation, diagnostics);
    let scenario = &expectation.target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    // With the span of the user's type an error about it shows there, and not at the whole call.
    let place = match &expectation.subject {
        Subject::Topic { .. } | Subject::Set { .. } | Subject::Snapshot { .. } => {
            Span::mixed_site()
        }
        Subject::Typed(pattern) => pattern.root().map_or(span, |root| root.path.span()),
    };
    let variable = Ident::new("__choreo_pattern", place);
    let (topic, pattern) = match &mut expectation.subject {
        Subject::Topic { topic, pattern } => {
            let expanded = match pattern {
                Some(pattern) => pattern::expand_dynamic(pattern, paths, diagnostics),
                None => {
                    let private = paths.private(topic.span());
                    quote_spanned!(topic.span()=> #private::functions::anything())
                }
            };
            (sound_topic(topic, diagnostics), expanded)
        }
        Subject::Snapshot { topic, snapshot } => {
            // What is wrong has been said, and is not said again by the compiler.
            let expanded = if diagnostics.is_empty() {
                snapshot::expand(snapshot, topic, paths)
            } else {
                let private = paths.private(topic.span());
                quote_spanned!(topic.span()=> #private::functions::anything())
            };
            (sound_topic(topic, diagnostics), expanded)
        }
        Subject::Set { topic, patterns } => {
            let expanded: Vec<_> = patterns
                .iter_mut()
                .map(|pattern| pattern::expand_dynamic(pattern, paths, diagnostics))
                .collect();
            let set = quote_spanned!(topic.span()=> ::std::vec::Vec::from([#(#expanded),*]));
            (sound_topic(topic, diagnostics), set)
        }
        Subject::Typed(pattern) => {
            check::message(pattern, diagnostics);
            let expanded = pattern::expand(pattern, paths, diagnostics);
            (typed::topic_of(&variable, pattern, paths), expanded)
        }
    };
    let envelope = super::envelope(&mut expectation.options.envelope, paths, diagnostics);
    let calls = calls(&expectation.options, span, paths);
    let options = quote_spanned! {span=>
        #private::ExpectOptions::at(::core::file!(), ::core::line!()) #calls #envelope
    };
    let step = match (expectation.asking, &expectation.subject) {
        (Asking::Never, _) => "never",
        (Asking::Expect, Subject::Set { .. }) => "expect_set",
        (Asking::Expect, _) => "expect",
    };
    let step = match super::leg(paths, &expectation.target) {
        None => {
            let step = Ident::new(step, span);
            quote_spanned!(span=> #private::#step(&#scenario, #topic, #variable, #options))
        }
        Some(leg) => {
            let step = Ident::new(&format!("{step}_on"), span);
            quote_spanned! {span=>
                #private::#step(&#scenario, #leg, #topic, #variable, #options)
            }
        }
    };
    quote_spanned! {span=> {
        let #variable = #pattern;
        #step
    }}
}

fn sound_topic(topic: &Expr, diagnostics: &mut Diagnostics) -> TokenStream {
    if check::topic::expression(Some(topic), diagnostics) {
        topic.to_token_stream()
    } else {
        quote!("")
    }
}

/// The options as calls, without those about what is around the payload.
fn calls(options: &ExpectOptions, span: Span, paths: &Paths) -> TokenStream {
    let mut calls = TokenStream::new();
    if let Some(within) = &options.within {
        let within = super::duration(within);
        calls.extend(quote_spanned!(span=> .within(#within)));
    }
    if let Some((span, deadline)) = &options.deadline {
        let deadline = super::duration(deadline);
        calls.extend(quote_spanned!(*span=> .deadline(#deadline)));
    }
    if let Some(since) = &options.since {
        calls.extend(quote_spanned!(span=> .since(#since)));
    }
    if let Some(count) = &options.count {
        let span = count.word.span();
        calls.extend(match &count.amount {
            Amount::Exactly(number) => {
                let number = self::number(number);
                quote_spanned!(span=> .times(#number))
            }
            Amount::AtLeast(number) => {
                let number = self::number(number);
                quote_spanned!(span=> .at_least(#number))
            }
            Amount::Between {
                low,
                high,
                inclusive,
            } => {
                let (low, high) = (number(low), number(high));
                if *inclusive {
                    quote_spanned!(span=> .times_between(#low, #high))
                } else {
                    quote_spanned!(span=> .times_below(#low, #high))
                }
            }
            Amount::Once => quote_spanned!(span=> .exactly_once()),
        });
    }
    if let Some((span, quiet)) = &options.quiet {
        let quiet = super::duration(quiet);
        calls.extend(quote_spanned!(*span=> .quiet_for(#quiet)));
    }
    if let Some(by) = &options.ordered_by {
        let private = paths.private(by.word);
        let steps = by.path.iter().map(|step| match step {
            Step::Key(key) => quote_spanned!(key.span()=> #private::Segment::from(#key)),
            Step::Index(index) => {
                let value = index.base10_parse::<usize>().unwrap_or(0);
                quote_spanned!(index.span()=> #private::Segment::from(#value))
            }
        });
        calls.extend(quote_spanned!(by.word=> .ordered_by([#(#steps),*])));
    }
    if let Some(span) = options.fail_fast {
        calls.extend(quote_spanned!(span=> .fail_fast()));
    }
    if let Some(span) = options.unrouted {
        calls.extend(quote_spanned!(span=> .unrouted()));
    }
    calls
}

/// A literal gets the type of the largest numbers; the rest is the user's.
fn number(written: &Expr) -> TokenStream {
    let literal = match written {
        Expr::Lit(ExprLit {
            lit: Lit::Int(literal),
            ..
        }) => literal.base10_parse::<u64>().ok(),
        _ => None,
    };
    match literal {
        Some(literal) => quote_spanned!(written.span()=> #literal),
        None => written.to_token_stream(),
    }
}
