//! Model to tokens: calls into `__private` and data. Reads no tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr};

use crate::check;
use crate::model::{DurationArg, EnvelopePattern, Target};
use crate::paths::Paths;
use crate::recover::Diagnostics;

mod cases;
mod datum;
pub(crate) mod expect;
pub(crate) mod harness;
pub(crate) mod in_order;
pub(crate) mod message;
pub(crate) mod pattern;
pub(crate) mod payload;
pub(crate) mod publish;
pub(crate) mod reply;
mod reply_options;
pub(crate) mod scenario;
mod snapshot;
pub(crate) mod stage;
pub(crate) mod steps;
mod typed;

/// An expression of type `Duration`.
pub(crate) fn duration(duration: &DurationArg) -> TokenStream {
    match duration {
        DurationArg::Literal { secs, nanos, span } => {
            quote_spanned!(*span=> ::core::time::Duration::new(#secs, #nanos))
        }
        DurationArg::Expr(expr) => expr.to_token_stream(),
    }
}

/// Which transport of the stage a step is for; nothing when the scenario has one only.
fn leg(paths: &Paths, target: &Target) -> Option<TokenStream> {
    leg_by("leg", paths, target)
}

/// The same, looked up by this function.
fn leg_by(function: &str, paths: &Paths, target: &Target) -> Option<TokenStream> {
    let Target { ident, transport } = target;
    let transport = transport.as_ref()?;
    let private = paths.private(ident.span());
    let function = Ident::new(function, ident.span());
    Some(quote_spanned!(ident.span()=> #private::#function(&#ident, &#ident.#transport)))
}

/// Calls that add the patterns of headers, key and metadata: `.headers(…).key(…)`.
pub(crate) fn envelope(
    envelope: &mut EnvelopePattern,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    check::envelope(envelope, diagnostics);
    let parts = [
        ("headers", &envelope.headers),
        ("key", &envelope.key),
        ("metadata", &envelope.metadata),
    ];
    parts
        .into_iter()
        .filter_map(|(name, pattern)| {
            let pattern = pattern.as_ref()?;
            let method = Ident::new(name, pattern.span());
            let expanded = pattern::dynamic(pattern, paths);
            Some(quote_spanned!(pattern.span()=> .#method(#expanded)))
        })
        .collect()
}

/// An expression with the mistakes in front of it.
pub(crate) fn with_errors(expansion: TokenStream, diagnostics: Diagnostics) -> TokenStream {
    if diagnostics.is_empty() {
        return expansion;
    }
    let errors = diagnostics.into_compile_errors();
    quote!({ #errors #expansion })
}

/// A reference to a regex that is compiled on first use. Its text is checked already.
fn regex(literal: &LitStr, paths: &Paths) -> TokenStream {
    let private = paths.private(literal.span());
    quote_spanned! {literal.span()=> {
        static PATTERN: #private::LazyLock<#private::Regex> =
            #private::LazyLock::new(|| #private::typed::compiled(#literal));
        &*PATTERN
    }}
}
