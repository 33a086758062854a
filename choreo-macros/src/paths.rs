//! How expansions name what they call: `$crate::__private` for function macros, `::choreo` or the
//! user's `crate = path` for attributes and derives. So a renamed dependency and a re-export work.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::ParseStream;

/// The path of the `choreo` crate as the place of the call sees it.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    krate: TokenStream,
}

impl Paths {
    /// Reads the `[$crate]` that the `macro_rules!` front puts first.
    pub(crate) fn from_front(input: ParseStream<'_>) -> syn::Result<Self> {
        let group: Group = input.parse()?;
        Ok(Self {
            krate: group.stream(),
        })
    }

    /// `crate = path` of an attribute, or `::choreo` without one.
    pub(crate) fn from_attribute(path: Option<&syn::Path>) -> Self {
        match path {
            Some(path) => Self {
                krate: path.to_token_stream(),
            },
            None => Self {
                krate: quote!(::choreo),
            },
        }
    }

    /// `…::__private`. A compiler error in the code that follows points at `span`; names still
    /// resolve as the crate's path does.
    pub(crate) fn private(&self, span: Span) -> TokenStream {
        let krate = located_at(self.krate.clone(), span);
        quote_spanned!(span=> #krate::__private)
    }

    /// As [`Self::private`], without the mark of the macro. Of errors that are equal in words and place the
    /// compiler shows one, and the mark would make a difference.
    pub(crate) fn private_unmarked(&self, span: Span) -> TokenStream {
        self.private(span)
            .into_iter()
            .map(|mut token| {
                // `$crate` resolves by its mark alone.
                if token.to_string() != "$crate" {
                    token.set_span(span);
                }
                token
            })
            .collect()
    }

    /// The crate's path itself.
    pub(crate) fn krate(&self, span: Span) -> TokenStream {
        located_at(self.krate.clone(), span)
    }
}

fn located_at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token: TokenTree| {
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}
