//! `expect!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;

use super::{pattern, typed};
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
    let (topic, pattern) = match &mut expectation.subject {
        Subject::Topic {
            topic,
            pattern: Some(pattern),
        } => (
            topic.to_token_stream(),
            pattern::expand_dynamic(pattern, paths, diagnostics),
        ),
        Subject::Topic {
            topic,
            pattern: None,
        } => {
            let private = paths.private(topic.span());
            (
                topic.to_token_stream(),
                quote_spanned!(topic.span()=> #private::functions::anything()),
            )
        }
        Subject::Typed(pattern) => {
            let topic = typed::topic(pattern, paths);
            (topic, pattern::expand(pattern, paths, diagnostics))
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
    quote_spanned! {span=>
        #private::expect(
            &#scenario,
            #topic,
            #pattern,
            #private::ExpectOptions::at(::core::file!(), ::core::line!()) #within #since
        )
    }
}
