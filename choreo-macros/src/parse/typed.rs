//! `Type { field: p, .. }`, `Type::Variant(p)`, `Status::Completed`.

use syn::parse::ParseStream;
use syn::{Ident, LitStr, Path, Token, braced, parenthesized, token};

use super::pattern::PatternParser;
use crate::model::pattern::{TypedBody, TypedField, TypedPattern};
use crate::recover::{skip_to_end, skip_to_separator};

impl PatternParser<'_> {
    pub(crate) fn typed(&mut self, input: ParseStream<'_>) -> syn::Result<TypedPattern> {
        let path: Path = input.parse()?;
        let body = if input.peek(token::Brace) {
            self.typed_fields(input)?
        } else if input.peek(token::Paren) {
            let content;
            let paren = parenthesized!(content in input);
            TypedBody::Tuple {
                paren,
                items: self.items(&content, "in a tuple variant"),
            }
        } else {
            TypedBody::Unit
        };
        Ok(TypedPattern { path, body })
    }

    fn typed_fields(&mut self, input: ParseStream<'_>) -> syn::Result<TypedBody> {
        let content;
        let brace = braced!(content in input);
        let mut fields: Vec<TypedField> = Vec::new();
        let mut rest = false;
        while !content.is_empty() {
            if before_exact(&content) {
                self.diagnostics.error(
                    content.span(),
                    "a typed pattern is exact as long as it has no `..`; remove `; exact`",
                );
                skip_to_end(&content);
            } else if content.peek(Token![..]) {
                self.rest(&content, "a typed pattern", "fields that are not named");
                rest = true;
            } else if content.peek(Ident) {
                let name: Ident = content.parse()?;
                let pattern = self.after_colon(&content, &name.to_string(), name.span());
                if fields.iter().any(|other| other.name == name) {
                    self.diagnostics.error(
                        name.span(),
                        format!("`{name}` is there already; join its patterns with `&`"),
                    );
                } else {
                    fields.push(TypedField { name, pattern });
                }
                if !before_exact(&content) {
                    self.separator(&content, "in a typed pattern");
                }
            } else {
                let message = if content.peek(LitStr) {
                    "a field of a type is written without quotes"
                } else {
                    "here goes a field, a colon and a pattern: `field: _`"
                };
                self.diagnostics.error(content.span(), message);
                skip_to_separator(&content);
                self.separator(&content, "in a typed pattern");
                // The fields that are missing because of this mistake are no second one.
                rest = true;
            }
        }
        Ok(TypedBody::Fields {
            brace,
            fields,
            rest,
        })
    }
}

/// Whether `; exact` comes next, which is for objects, or a `;` with nothing behind it.
fn before_exact(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Token![;]>().is_ok()
        && (fork.is_empty() || fork.parse::<Ident>().is_ok_and(|word| word == "exact"))
}
