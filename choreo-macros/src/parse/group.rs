//! Objects and lists.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Token, braced, bracketed};

use super::pattern::{PatternParser, at_separator, operand_follows_dots};
use crate::model::pattern::{Entry, Item, ListPattern, ObjectPattern, Pattern};
use crate::recover::{skip_to_end, skip_to_separator};

impl PatternParser<'_> {
    /// `{ key: p, "odd key": p, .. }` or `{ key: p; exact }`
    pub(super) fn object(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let content;
        let brace = braced!(content in input).span.join();
        let mut entries = Vec::new();
        let mut rest = None;
        let mut exact = false;
        while !content.is_empty() {
            if content.peek(Token![;]) {
                exact = self.exact(&content, rest);
                break;
            }
            if content.peek(Token![..]) {
                rest = Some(self.rest(&content, "an object", "keys that are not named"));
                continue;
            }
            entries.extend(self.entry(&content));
            if !content.peek(Token![;]) {
                self.separator(&content, "in an object");
            }
        }
        Ok(Pattern::Object(ObjectPattern {
            entries,
            exact,
            brace,
        }))
    }

    fn entry(&mut self, content: ParseStream<'_>) -> Option<Entry> {
        let (key, key_span) = if content.peek(LitStr) {
            let literal: LitStr = self.diagnostics.take(content.parse())?;
            (literal.value(), literal.span())
        } else if content.peek(Ident::peek_any) && !content.peek(Token![_]) {
            let word = self.diagnostics.take(content.call(Ident::parse_any))?;
            (word.unraw().to_string(), word.span())
        } else {
            let span = content.span();
            let literal = content.fork().parse::<Lit>().is_ok();
            let written = skip_to_separator(content);
            let message = if literal {
                "a key that is no word goes into quotes: `\"7\": _`"
            } else {
                "here goes a key, a colon and a pattern: `key: _`"
            };
            if written.is_empty() {
                // A lone comma.
                self.diagnostics.error(
                    span,
                    "an entry is missing before this comma; write it, such as `key: _`, or remove \
                     the comma",
                );
            } else {
                self.diagnostics.error(span, message);
            }
            return None;
        };
        let pattern = self.after_colon(content, &key, key_span);
        Some(Entry {
            key,
            key_span,
            pattern,
        })
    }

    /// `: p` after a key or field; without it the mistake is reported and any value accepted.
    pub(super) fn after_colon(
        &mut self,
        content: ParseStream<'_>,
        key: &str,
        key_span: proc_macro2::Span,
    ) -> Pattern {
        if content.peek(Token![:]) && !content.peek(Token![::]) {
            let _colon = content.parse::<Token![:]>();
            return self.element(content);
        }
        let message = if at_separator(content) {
            format!("`{key}` is followed by a colon and a pattern; write `{key}: _` for any value")
        } else if content.peek(Token![.]) {
            format!("keys are nested by objects: write `{key}: {{ … }}`")
        } else {
            format!("write a colon after `{key}`: `{key}: p`")
        };
        self.diagnostics.error(key_span, message);
        skip_to_separator(content);
        Pattern::Broken
    }

    /// `..` at the end of an object or of a struct pattern.
    pub(super) fn rest(
        &mut self,
        content: ParseStream<'_>,
        what: &str,
        meaning: &str,
    ) -> proc_macro2::Span {
        let span = content.span();
        let _dots = content.parse::<Token![..]>();
        if !at_separator(content) {
            self.diagnostics.error(
                span,
                format!("`..` stands alone, for the {meaning}; put a comma after it or remove what follows"),
            );
            skip_to_separator(content);
        }
        if content.peek(Token![,]) {
            let _comma = content.parse::<Token![,]>();
            if !content.is_empty() && !content.peek(Token![;]) {
                self.diagnostics.error(
                    span,
                    format!("`..` comes once and last in {what}; move it to the end"),
                );
            }
        }
        span
    }

    /// `; exact` at the end of an object.
    fn exact(&mut self, content: ParseStream<'_>, rest: Option<proc_macro2::Span>) -> bool {
        let semicolon = content.span();
        let _semicolon = content.parse::<Token![;]>();
        let word = content.parse::<Ident>();
        if !matches!(&word, Ok(word) if word == "exact") {
            let span = word.map_or(semicolon, |word| word.span());
            skip_to_end(content);
            self.diagnostics.error(
                span,
                "after `;` goes `exact`, which allows no other keys; entries are separated by `,`",
            );
            return false;
        }
        if !content.is_empty() {
            self.diagnostics.error(
                content.span(),
                "`; exact` is the last thing in an object; move this before it",
            );
            skip_to_end(content);
        }
        if let Some(rest) = rest {
            self.diagnostics.error(
                rest,
                "`..` allows other keys and `; exact` forbids them; remove one of the two",
            );
        }
        true
    }

    /// `[p, ..]`
    pub(super) fn list(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let content;
        let bracket = bracketed!(content in input).span.join();
        let items = self.items(&content, "in a list");
        Ok(Pattern::List(ListPattern { items, bracket }))
    }

    /// The elements of a list or of a tuple variant.
    pub(super) fn items(&mut self, content: ParseStream<'_>, place: &str) -> Vec<Item> {
        let mut items = Vec::new();
        while !content.is_empty() {
            if content.peek(Token![..]) && !operand_follows_dots(content) {
                let span = content.span();
                let _dots = content.parse::<Token![..]>();
                if matches!(items.last(), Some(Item::Rest(_))) {
                    self.diagnostics.error(
                        span,
                        "one `..` is enough for any number of elements; remove this one",
                    );
                } else {
                    items.push(Item::Rest(span));
                }
            } else {
                items.push(Item::One(self.element(content)));
            }
            self.separator(content, place);
        }
        items
    }
}
