//! `pattern!`, and patterns as calls of `__private::functions`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Ident, Lit};

use super::typed;
use crate::check;
use crate::model::pattern::{Item, Near, Operand, Pattern};
use crate::parse::pattern::PatternParser;
use crate::paths::Paths;
use crate::recover::{Diagnostics, skip_to_end};

/// `[$crate] pattern`
pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        let mut diagnostics = Diagnostics::new();
        let mut pattern = PatternParser::new(&mut diagnostics).element(input);
        if !input.is_empty() {
            diagnostics.error(
                input.span(),
                "`pattern!` takes one pattern; remove what follows it",
            );
            skip_to_end(input);
        }
        let expansion = expand(&mut pattern, &paths, &mut diagnostics);
        Ok(super::with_errors(expansion, diagnostics))
    };
    parser
        .parse2(input)
        .unwrap_or_else(|error| error.into_compile_error())
}

/// Checks and expands a whole pattern: a `TypedPattern` if it names a type, else a `Pattern`.
pub(crate) fn expand(
    pattern: &mut Pattern,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let is_typed = pattern.root().is_some();
    check::pattern(pattern, is_typed, diagnostics);
    check::capture(pattern, None, diagnostics);
    if is_typed {
        typed::expand(pattern, paths)
    } else {
        dynamic(pattern, paths)
    }
}

/// Checks and expands a pattern on a topic: a `Pattern`, also when it names a type.
pub(crate) fn expand_dynamic(
    pattern: &mut Pattern,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    check::pattern(pattern, false, diagnostics);
    check::capture(pattern, None, diagnostics);
    dynamic(pattern, paths)
}

/// An expression of type `Pattern`.
pub(crate) fn dynamic(pattern: &Pattern, paths: &Paths) -> TokenStream {
    let call =
        |name: &str, arguments: TokenStream| function(name, pattern.span(), &arguments, paths);
    let nested = |patterns: &[Pattern]| {
        let patterns = patterns.iter().map(|pattern| dynamic(pattern, paths));
        quote_spanned!(pattern.span()=> ::std::vec::Vec::from([#(#patterns),*]))
    };
    match pattern {
        Pattern::Equal(operand) => with_value("eq", operand, paths),
        Pattern::Compare { op, operand, .. } => with_value(op.function(), operand, paths),
        Pattern::Range(range) => match (&range.low, &range.high) {
            (Some(low), Some(high)) => {
                let (low_value, high_value) = (borrowed(low), borrowed(high));
                let name = if range.inclusive {
                    "range_inclusive"
                } else {
                    "range"
                };
                function(
                    name,
                    low.span(),
                    &quote_spanned!(low.span()=> #low_value, #high_value),
                    paths,
                )
            }
            (Some(low), None) => with_value("ge", low, paths),
            (None, Some(high)) => {
                with_value(if range.inclusive { "le" } else { "lt" }, high, paths)
            }
            (None, None) => call("anything", TokenStream::new()),
        },
        Pattern::Regex(literal) => {
            let regex = super::regex(literal, paths);
            call(
                "matches",
                quote_spanned!(literal.span()=> ::core::clone::Clone::clone(#regex)),
            )
        }
        Pattern::OneOf { patterns, .. } => call("one_of", nested(patterns)),
        Pattern::Present(_) => call("present", TokenStream::new()),
        Pattern::Absent(_) => call("absent", TokenStream::new()),
        Pattern::Null(_) => call("null", TokenStream::new()),
        Pattern::Object(object) => {
            let entries = object.entries.iter().map(|entry| {
                let key = syn::LitStr::new(&entry.key, entry.key_span);
                let pattern = dynamic(&entry.pattern, paths);
                quote_spanned!(entry.key_span=> (#key, #pattern))
            });
            let name = if object.exact {
                "exact_object"
            } else {
                "object"
            };
            // The type of the keys is not known from an empty list.
            let entries = if object.entries.is_empty() {
                quote_spanned!(object.brace=> ::std::vec::Vec::<(&'static str, _)>::new())
            } else {
                quote_spanned!(object.brace=> [#(#entries),*])
            };
            call(name, entries)
        }
        Pattern::List(list) => {
            let private = paths.private(list.bracket);
            let items = list.items.iter().map(|item| match item {
                Item::One(pattern) => {
                    let expanded = dynamic(pattern, paths);
                    quote_spanned!(pattern.span()=> #private::functions::ListItem::One(#expanded))
                }
                Item::Rest(span) => quote_spanned!(*span=> #private::functions::ListItem::Rest),
            });
            call(
                "list",
                quote_spanned!(list.bracket=> ::std::vec::Vec::from([#(#items),*])),
            )
        }
        Pattern::Quantified {
            quantifier,
            pattern,
            ..
        } => call(quantifier.name(), dynamic(pattern, paths)),
        Pattern::AllOf(patterns) => call("all_of", nested(patterns)),
        Pattern::AnyOf(patterns) => call("any_of", nested(patterns)),
        Pattern::Not { pattern, .. } => call("not", dynamic(pattern, paths)),
        Pattern::Bytes { operand, .. } => {
            let span = operand.span();
            let bytes = match operand.expr() {
                // An array of bytes is no slice yet.
                Some(
                    literal @ Expr::Lit(ExprLit {
                        lit: Lit::ByteStr(_),
                        ..
                    }),
                ) => {
                    quote_spanned!(span=> &#literal[..])
                }
                _ => operand.to_token_stream(),
            };
            function("bytes", span, &bytes, paths)
        }
        Pattern::Text { form, operand, .. } => with_operand(form.function(), operand, paths),
        Pattern::Approx { keyword, near } => {
            let (name, span, value, tolerance) = match near {
                Near::Number(value, by) => ("approx", value.span(), borrowed(value), borrowed(by)),
                Near::Time(time, by) => (
                    "approx_time",
                    time.span(),
                    borrowed(time),
                    super::duration(by),
                ),
                Near::Duration(value, by) => (
                    "approx_duration",
                    *keyword,
                    super::duration(value),
                    super::duration(by),
                ),
            };
            function(
                name,
                span,
                &quote_spanned!(span=> #value, #tolerance),
                paths,
            )
        }
        Pattern::Moment { op, operand, .. } => with_value(op.name(), operand, paths),
        Pattern::Unordered { list, .. } => {
            let parts = list.items.iter().filter_map(|item| match item {
                Item::One(pattern) => Some(dynamic(pattern, paths)),
                Item::Rest(_) => None,
            });
            let is_open = list.items.iter().any(|item| matches!(item, Item::Rest(_)));
            let name = if is_open {
                "unordered_with_others"
            } else {
                "unordered"
            };
            call(
                name,
                quote_spanned!(list.bracket=> ::std::vec::Vec::from([#(#parts),*])),
            )
        }
        Pattern::Addressed {
            kind,
            address,
            pattern,
            ..
        } => {
            let pattern = dynamic(pattern, paths);
            call(
                kind.function(),
                quote_spanned!(address.span()=> #address, #pattern),
            )
        }
        Pattern::Capture { name, ty, .. } => {
            let span = name.span();
            let text = syn::LitStr::new(&name.unraw().to_string(), span);
            match ty {
                None => call("capture", text.to_token_stream()),
                Some(ty) => {
                    let private = paths.private(ty.span());
                    quote_spanned!(ty.span()=> #private::functions::capture_as::<#ty>(#text))
                }
            }
        }
        Pattern::Matcher { operand, .. } => with_operand("matcher", operand, paths),
        Pattern::Typed(_) => call("matcher", typed::expand(pattern, paths)),
        Pattern::Broken => call("anything", TokenStream::new()),
    }
}

/// A call whose errors show at the operand, which it takes by value.
fn with_operand(name: &str, operand: &Operand, paths: &Paths) -> TokenStream {
    function(name, operand.span(), &operand.to_token_stream(), paths)
}

/// A call that only looks at the operand, as `assert_eq!` does: the user's variable stays usable.
fn with_value(name: &str, operand: &Operand, paths: &Paths) -> TokenStream {
    function(name, operand.span(), &borrowed(operand), paths)
}

fn borrowed(operand: &Operand) -> TokenStream {
    let span = operand.span();
    match operand.expr() {
        _ if operand.is_literal() => operand.to_token_stream(),
        Some(
            Expr::Path(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Field(_) | Expr::Macro(_),
        )
        | None => {
            quote_spanned!(span=> &#operand)
        }
        Some(_) => quote_spanned!(span=> &(#operand)),
    }
}

fn function(name: &str, span: Span, arguments: &TokenStream, paths: &Paths) -> TokenStream {
    let private = paths.private(span);
    let name = Ident::new(name, span);
    quote_spanned!(span=> #private::functions::#name(#arguments))
}
