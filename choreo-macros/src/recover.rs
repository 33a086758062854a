//! Reporting every mistake of one macro call at once, and going on after each.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Token;
use syn::parse::ParseStream;

/// The mistakes found so far in one macro call.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A mistake at one token. The message says what to write instead.
    pub(crate) fn error(&mut self, span: Span, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new(span, message));
    }

    /// A mistake that several tokens make together.
    pub(crate) fn error_spanned(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }

    /// Keeps an error that a parser returned.
    pub(crate) fn absorb(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The value, or the error kept and nothing.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.absorb(error);
                None
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All mistakes as one error, in the order of their discovery.
    pub(crate) fn combined(self) -> Option<syn::Error> {
        self.errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        })
    }

    /// `compile_error!` items, one for each mistake; nothing when there is none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.combined()
            .map(|error| error.into_compile_error())
            .unwrap_or_default()
    }
}

/// Skips what is left of a list element: up to the next `,` or `;` at this level, or to the end.
/// The separator stays. Returns what was skipped.
pub(crate) fn skip_to_separator(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) && !input.peek(Token![;]) {
        match input.parse::<TokenTree>() {
            Ok(token) => skipped.extend([token]),
            Err(_) => break,
        }
    }
    skipped
}

/// An error at the next token, or at what closes this group. Unlike `ParseBuffer::error` it adds no
/// words of its own at the end of the input.
pub(crate) fn error_here(input: ParseStream<'_>, message: impl std::fmt::Display) -> syn::Error {
    syn::Error::new(input.span(), message)
}

/// Takes everything that is left, so that syn does not report it a second time.
pub(crate) fn skip_to_end(input: ParseStream<'_>) -> TokenStream {
    input.parse().unwrap_or_default()
}
