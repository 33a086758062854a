//! `expect!`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;

use super::{pattern, typed};
use crate::check;
use crate::model::{Expectation, Subject};
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

/// `[$crate] s, topic, pattern, options`
pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        let mut diagnostics = Diagnostics::new();
        let expectation = parse::expect::parse(input, &mut diagnostics);
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

fn expand(
    expectation: &mut Expectation,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let scenario = &expectation.target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    // With the span of the user's type an error about it shows there, and not at the whole call.
    let place = match &expectation.subject {
        Subject::Topic { .. } => Span::mixed_site(),
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
            let sound = check::topic::expression(Some(topic), diagnostics);
            (
                if sound {
                    topic.to_token_stream()
                } else {
                    quote!("")
                },
                expanded,
            )
        }
        Subject::Typed(pattern) => {
            check::message(pattern, diagnostics);
            let expanded = pattern::expand(pattern, paths, diagnostics);
            (typed::topic_of(&variable, pattern, paths), expanded)
        }
    };
    let within = expectation.options.within.as_ref().map(|within| {
        let within = super::duration(within);
        quote_spanned!(span=> .within(#within))
    });
    let since = expectation
        .options
        .since
        .as_ref()
        .map(|since| quote_spanned!(span=> .since(#since)));
    let envelope = super::envelope(&mut expectation.options.envelope, paths, diagnostics);
    quote_spanned! {span=> {
        let #variable = #pattern;
        #private::expect(
            &#scenario,
            #topic,
            #variable,
            #private::ExpectOptions::at(::core::file!(), ::core::line!()) #within #since #envelope
        )
    }}
}
