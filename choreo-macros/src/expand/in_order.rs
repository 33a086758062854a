//! `in_order!`.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;

use super::with_errors;
use crate::model::InOrder;
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

/// `[$crate] s, a, b, c`
pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        let mut diagnostics = Diagnostics::new();
        let expansion = match parse::in_order::parse(input, &mut diagnostics) {
            Some(in_order) => expand(&in_order, &paths, &mut diagnostics),
            None => TokenStream::new(),
        };
        Ok(with_errors(expansion, diagnostics))
    };
    parser
        .parse2(input)
        .unwrap_or_else(|error| error.into_compile_error())
}

fn expand(in_order: &InOrder, paths: &Paths, diagnostics: &mut Diagnostics) -> TokenStream {
    let InOrder { target, handles } = in_order;
    let scenario = &target.ident;
    let span = scenario.span();
    if let Some(transport) = &target.transport {
        diagnostics.error(
            transport.span(),
            format!(
                "`in_order!` is about the whole scenario, with all its transports; write \
                 `in_order!({scenario}, first, second)`"
            ),
        );
    }
    if handles.len() < 2 && diagnostics.is_empty() {
        diagnostics.error(
            handles.first().map_or(span, syn::spanned::Spanned::span),
            format!(
                "an order has at least two handles: write `in_order!({scenario}, first, second)` with what \
                 `expect!` gave"
            ),
        );
    }
    let mut seen = HashSet::new();
    for handle in handles {
        let text = crate::text::of_tokens(handle.to_token_stream());
        if !seen.insert(text.clone()) {
            diagnostics.error_spanned(
                handle,
                format!("`{text}` stands twice; a message does not come before itself: remove one"),
            );
        }
    }
    let private = paths.private(span);
    let handles = handles.iter().map(|handle| {
        let span = handle.span();
        let private = paths.private(span);
        quote_spanned!(span=> #private::handle_key(#handle))
    });
    quote_spanned! {span=>
        #private::in_order(&#scenario, [#(#handles),*], ::core::file!(), ::core::line!())
    }
}
