//! The function below `#[choreo::scenario]` or `#[choreo::harness]`.

use proc_macro2::{Group, TokenStream};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Signature, Visibility, token};

use crate::model::Function;
use crate::recover::{Diagnostics, skip_to_end};

/// Parses a free function; an item of another kind is reported at its first word.
pub(crate) fn parse(
    item: TokenStream,
    attribute: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Function> {
    let parser = |input: ParseStream<'_>| {
        let function = function(input, attribute);
        skip_to_end(input);
        function
    };
    diagnostics.take(parser.parse2(item))
}

fn function(input: ParseStream<'_>, attribute: &str) -> syn::Result<Function> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    let start = input.span();
    let sig: Signature = input.parse().map_err(|_| {
        syn::Error::new(
            start,
            format!("`#[choreo::{attribute}]` goes on an `async fn`; put it above one"),
        )
    })?;
    if !input.peek(token::Brace) {
        return Err(syn::Error::new_spanned(
            &sig.ident,
            format!("`#[choreo::{attribute}]` goes on a function with a body; add `{{ … }}`"),
        ));
    }
    let body: Group = input.parse()?;
    Ok(Function {
        attrs,
        vis,
        sig,
        body: proc_macro2::TokenTree::Group(body).into(),
    })
}
