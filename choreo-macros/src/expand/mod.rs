//! Model to tokens: calls into `__private` and data. Reads no tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};

use crate::model::DurationArg;

pub(crate) mod expect;
pub(crate) mod pattern;

/// An expression of type `Duration`.
pub(crate) fn duration(duration: &DurationArg) -> TokenStream {
    match duration {
        DurationArg::Literal { secs, nanos, span } => {
            quote_spanned!(*span=> ::core::time::Duration::new(#secs, #nanos))
        }
        DurationArg::Expr(expr) => expr.to_token_stream(),
    }
}
