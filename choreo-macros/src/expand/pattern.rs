//! `pattern!`.

use proc_macro2::TokenStream;

pub(crate) fn entry(input: TokenStream) -> TokenStream {
    input
}
