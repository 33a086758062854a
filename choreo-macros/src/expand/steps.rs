//! `begin!`, `settle!` and `next_act!`: so small that they have no model of their own.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{ParseStream, Parser as _};
use syn::{Ident, Token};

use super::with_errors;
use crate::model::Target;
use crate::parse::target;
use crate::paths::Paths;
use crate::recover::{Diagnostics, skip_to_end};

/// `[$crate] s`, as an expression.
pub(crate) fn settle(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some((paths, target)) = scenario(input, "settle!", &mut diagnostics) else {
        return with_errors(TokenStream::new(), diagnostics);
    };
    let scenario = target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    with_errors(
        quote_spanned!(span=> #private::settle(&#scenario).await),
        diagnostics,
    )
}

/// `[$crate] s`, as an expression: the scenario in its next act.
pub(crate) fn next_act(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let Some((paths, target)) = scenario(input, "next_act!", &mut diagnostics) else {
        return with_errors(TokenStream::new(), diagnostics);
    };
    let scenario = target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    with_errors(
        quote_spanned!(span=> #private::next_act(#scenario).await),
        diagnostics,
    )
}

/// `[$crate] s`, as a statement that rebinds the scenario.
pub(crate) fn begin(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let parsed = scenario(input, "begin!", &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    let Some((paths, target)) = parsed else {
        return errors;
    };
    let scenario = target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    quote_spanned! {span=>
        #errors
        #[allow(unused_variables)]
        let #scenario = #private::begin(#scenario).await;
    }
}

fn scenario(
    input: TokenStream,
    macro_name: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Paths, Target)> {
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        if !input.peek(Ident) {
            let message = format!("write the scenario variable: `{macro_name}(s)`");
            let written = skip_to_end(input);
            return Err(if written.is_empty() {
                syn::Error::new(Span::call_site(), message)
            } else {
                syn::Error::new_spanned(written, message)
            });
        }
        let target = target::parse(input, macro_name);
        input.parse::<Option<Token![,]>>()?;
        if let Ok(target) = &target
            && let Some(transport) = &target.transport
        {
            diagnostics.error(
                transport.span(),
                format!(
                    "`{macro_name}` is about the whole scenario, with all its transports; write \
                     `{macro_name}({})`",
                    target.ident
                ),
            );
        }
        if target.is_ok() && !input.is_empty() {
            diagnostics.error(
                input.span(),
                format!("`{macro_name}` takes the scenario and nothing else; remove this"),
            );
        }
        skip_to_end(input);
        target.map(|target| (paths, target))
    };
    let parsed = parser.parse2(input);
    diagnostics.take(parsed)
}
