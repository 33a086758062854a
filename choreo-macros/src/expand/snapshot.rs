//! A snapshot as a call of `__snapshot!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned as _;

use crate::model::snapshot::{Redaction, SelectorStep, SnapshotForm};
use crate::paths::Paths;

/// An expression that is a pattern of whole messages. `topic` is what `insta` shows as the expression.
pub(super) fn expand(snapshot: &SnapshotForm, topic: &Expr, paths: &Paths) -> TokenStream {
    let span = snapshot.word.span();
    let krate = paths.krate(span);
    let expression = crate::text::of_tokens(topic.to_token_stream());
    let name = match &snapshot.name {
        None => quote_spanned!(span=> ::core::option::Option::None),
        Some(name) => quote_spanned!(name.span()=> ::core::option::Option::Some(&*#name)),
    };
    let redactions = snapshot.redactions.iter().map(|redaction| {
        let selector = selector(redaction, paths);
        let value = &redaction.value;
        quote_spanned!(value.span()=> #selector => #value)
    });
    quote_spanned!(span=> #krate::__snapshot!(#expression, #name, [#(#redactions),*]))
}

fn selector(redaction: &Redaction, paths: &Paths) -> TokenStream {
    let span = redaction.place.span();
    let private = paths.private(span);
    let bound = |bound: Option<i64>| match bound {
        None => quote_spanned!(span=> ::core::option::Option::None),
        Some(bound) => quote_spanned!(span=> ::core::option::Option::Some(#bound)),
    };
    let steps = redaction.selector.iter().map(|step| {
        let step = match step {
            SelectorStep::Key(key) => quote_spanned!(span=> Key(#key)),
            SelectorStep::Index(index) => quote_spanned!(span=> Index(#index)),
            SelectorStep::Range(start, end) => {
                let (start, end) = (bound(*start), bound(*end));
                quote_spanned!(span=> Range(#start, #end))
            }
            SelectorStep::Any => quote_spanned!(span=> Any),
            SelectorStep::Deep => quote_spanned!(span=> Deep),
        };
        quote_spanned!(span=> #private::SnapshotStep::#step)
    });
    quote_spanned!(span=> [#(#steps),*])
}
