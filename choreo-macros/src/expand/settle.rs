//! `settle!`: an expression, so small that it has no model of its own.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Token;
use syn::parse::{ParseStream, Parser as _};

use crate::parse::target;
use crate::paths::Paths;
use crate::recover::{Diagnostics, skip_to_end};

pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        let target = target::parse(input, "settle!");
        input.parse::<Option<Token![,]>>()?;
        if target.is_ok() && !input.is_empty() {
            diagnostics.error(
                input.span(),
                "`settle!` takes the scenario and nothing else; remove this",
            );
        }
        skip_to_end(input);
        target.map(|target| (paths, target))
    };
    match parser.parse2(input) {
        Ok((paths, target)) => {
            let scenario = target.ident;
            let span = scenario.span();
            let private = paths.private(span);
            let errors = diagnostics.into_compile_errors();
            quote_spanned!(span=> { #errors #private::settle(&#scenario).await })
        }
        Err(error) => {
            diagnostics.absorb(error);
            let errors = diagnostics.into_compile_errors();
            quote_spanned!(proc_macro2::Span::call_site()=> { #errors })
        }
    }
}
