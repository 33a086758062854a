//! Typed patterns: one closure that takes the value apart with a real Rust pattern, so that the
//! compiler checks fields, variants and types at the user's own tokens, and calls
//! `__private::typed` for each condition.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Path, PathArguments};

use super::pattern::dynamic;
use crate::model::pattern::{
    Item, Operand, Pattern, RangePattern, TypedBody, TypedField, TypedPattern,
};
use crate::paths::Paths;
use crate::{shape, text};

/// `<Type as Message>::TOPIC`
pub(crate) fn topic(pattern: &Pattern, paths: &Paths) -> TokenStream {
    let Some(root) = pattern.root() else {
        // Reported already; any topic lets the rest be checked.
        return quote!("");
    };
    let message = root.type_path();
    let krate = paths.krate(message.span());
    quote_spanned!(message.span()=> <#message as #krate::Message>::TOPIC)
}

/// The topic of a pattern that is in a variable. The type is not named a second time: if there is
/// no such type, once is enough to read it.
pub(super) fn topic_of(variable: &Ident, pattern: &Pattern, paths: &Paths) -> TokenStream {
    let Some(root) = pattern.root() else {
        return quote!("");
    };
    let span = root.type_path().span();
    let private = paths.private(span);
    let variable = located_at(variable, span);
    quote_spanned!(span=> #private::typed::topic(&#variable))
}

/// An expression of type `TypedPattern<Type>`.
pub(crate) fn expand(pattern: &Pattern, paths: &Paths) -> TokenStream {
    let Some(root) = pattern.root() else {
        return dynamic(pattern, paths);
    };
    let message = root.type_path();
    let span = message.span();
    let private = paths.private(span);
    let (description, shape) = (text::of_pattern(pattern), shape(pattern, root));
    let mut closure = Closure::new(paths);
    let value = Ident::new("__choreo_message", span);
    let body = match pattern {
        // A type alone stands for any message of this type.
        Pattern::Typed(TypedPattern {
            body: TypedBody::Unit,
            ..
        }) if !root.names_variant() => TokenStream::new(),
        _ => closure.conditions(pattern, &value),
    };
    let operands = &closure.operands;
    let found = &closure.found;
    quote_spanned! {span=> {
        #(#operands)*
        #private::typed::pattern::<#message>(
            #description,
            #shape,
            move |#value, #found| { #body },
        )
    }}
}

fn shape(pattern: &Pattern, root: &TypedPattern) -> String {
    match pattern {
        Pattern::Typed(TypedPattern {
            body: TypedBody::Unit,
            ..
        }) if !root.names_variant() => r#"{"anything":true}"#.to_owned(),
        _ => shape::of_pattern(pattern),
    }
}

/// The code inside the closure, and the values it takes along.
struct Closure<'p> {
    paths: &'p Paths,
    /// `let` statements in front of the closure: each operand is evaluated once.
    operands: Vec<TokenStream>,
    /// The collector of differences.
    found: Ident,
}

impl<'p> Closure<'p> {
    fn new(paths: &'p Paths) -> Self {
        Self {
            paths,
            operands: Vec::new(),
            found: Ident::new("__choreo_found", Span::mixed_site()),
        }
    }

    /// A call whose errors show at `span`, also those about the field. With operands in front of
    /// the field their types are known when the compiler compares them with the field's.
    fn call(&self, name: &str, span: Span, operands: &TokenStream, value: &Ident) -> TokenStream {
        let value = located_at(value, span);
        self.invoke(name, span, &quote_spanned!(span=> #operands, #value))
    }

    /// A call with a closure on what is in the field: its parameter's type comes from the field.
    fn call_on(
        &self,
        name: &str,
        span: Span,
        value: &Ident,
        closures: &TokenStream,
    ) -> TokenStream {
        let value = located_at(value, span);
        self.invoke(name, span, &quote_spanned!(span=> #value, #closures))
    }

    fn invoke(&self, name: &str, span: Span, arguments: &TokenStream) -> TokenStream {
        let private = self.paths.private(span);
        let name = Ident::new(name, span);
        let found = &self.found;
        quote_spanned!(span=> #private::typed::#name(#found, #arguments);)
    }

    /// A reference to an operand: literals stand where they are used, the rest is evaluated before.
    fn operand(&mut self, operand: &Operand) -> TokenStream {
        let span = operand.span();
        if operand.is_literal() {
            return quote_spanned!(span=> &#operand);
        }
        self.keep(&operand.to_token_stream(), span)
    }

    /// Evaluates an expression in front of the closure and gives a reference to its value.
    fn keep(&mut self, expr: &TokenStream, span: Span) -> TokenStream {
        let name = format_ident!("__choreo_operand_{}", self.operands.len(), span = span);
        self.operands
            .push(quote_spanned!(span=> let #name = #expr;));
        quote_spanned!(span=> &#name)
    }

    /// Statements that report how `value`, a reference, differs from the pattern.
    fn conditions(&mut self, pattern: &Pattern, value: &Ident) -> TokenStream {
        let span = pattern.span();
        match pattern {
            Pattern::Equal(operand) => self.with_operand("eq", operand, value),
            Pattern::Compare { op, operand, .. } => {
                self.with_operand(op.function(), operand, value)
            }
            Pattern::Range(range) => self.range(range, value),
            Pattern::Regex(literal) => {
                let regex = super::regex(literal, self.paths);
                self.call("regex", span, &regex, value)
            }
            Pattern::Text { form, operand, .. } if form.function() == "contains" => {
                self.with_operand("contains", operand, value)
            }
            Pattern::Absent(_) => self.call("none", span, &quote_spanned!(span=> "absent"), value),
            Pattern::Null(_) => self.call("none", span, &quote_spanned!(span=> "null"), value),
            Pattern::Object(_)
            | Pattern::Bytes { .. }
            | Pattern::Text { .. }
            | Pattern::Approx { .. }
            | Pattern::Moment { .. }
            | Pattern::Unordered { .. }
            | Pattern::Addressed { .. }
            | Pattern::Capture { .. } => {
                let matcher = self.keep(&dynamic(pattern, self.paths), span);
                self.call("serialized", span, &matcher, value)
            }
            Pattern::Matcher { operand, .. } => {
                let matcher = self.keep(&operand.to_token_stream(), operand.span());
                self.call("serialized", operand.span(), &matcher, value)
            }
            Pattern::OneOf { patterns, .. } => {
                self.alternatives("one_of", pattern, patterns, value)
            }
            Pattern::AnyOf(patterns) => self.alternatives("any_of", pattern, patterns, value),
            Pattern::AllOf(patterns) => patterns
                .iter()
                .map(|pattern| self.conditions(pattern, value))
                .collect(),
            Pattern::Not { pattern: inner, .. } => {
                let branch = self.branch(inner, value);
                let text = text::of_pattern(pattern);
                self.call_on("not", span, value, &quote_spanned!(span=> #text, #branch))
            }
            Pattern::Quantified {
                quantifier,
                pattern: inner,
                ..
            } => {
                let element = self.on_element(inner);
                let text = text::of_pattern(pattern);
                self.call_on(
                    quantifier.name(),
                    span,
                    value,
                    &quote_spanned!(span=> #text, #element),
                )
            }
            Pattern::List(list) => {
                let private = self.paths.private(span);
                let items: Vec<TokenStream> = list
                    .items
                    .iter()
                    .map(|item| match item {
                        Item::One(pattern) => {
                            let element = self.on_element(pattern);
                            quote_spanned!(pattern.span()=> #private::typed::Element::One(#element))
                        }
                        Item::Rest(span) => quote_spanned!(*span=> #private::typed::Element::Rest),
                    })
                    .collect();
                let text = text::of_pattern(pattern);
                self.call_on(
                    "list",
                    span,
                    value,
                    &quote_spanned!(span=> #text, &[#(#items),*]),
                )
            }
            Pattern::Typed(typed) => self.destructure(typed, value),
            Pattern::Present(_) | Pattern::Broken => TokenStream::new(),
        }
    }

    fn with_operand(&mut self, name: &str, operand: &Operand, value: &Ident) -> TokenStream {
        let argument = self.operand(operand);
        self.call(name, operand.span(), &argument, value)
    }

    fn range(&mut self, range: &RangePattern, value: &Ident) -> TokenStream {
        match (&range.low, &range.high) {
            (Some(low), Some(high)) => {
                let name = if range.inclusive {
                    "range_inclusive"
                } else {
                    "range"
                };
                let (low_value, high_value) = (self.operand(low), self.operand(high));
                self.call(
                    name,
                    low.span(),
                    &quote_spanned!(low.span()=> #low_value, #high_value),
                    value,
                )
            }
            (Some(low), None) => self.with_operand("ge", low, value),
            (None, Some(high)) => {
                self.with_operand(if range.inclusive { "le" } else { "lt" }, high, value)
            }
            (None, None) => TokenStream::new(),
        }
    }

    fn alternatives(
        &mut self,
        name: &str,
        whole: &Pattern,
        patterns: &[Pattern],
        value: &Ident,
    ) -> TokenStream {
        let branches: Vec<TokenStream> = patterns
            .iter()
            .map(|pattern| self.branch(pattern, value))
            .collect();
        let text = text::of_pattern(whole);
        self.call_on(
            name,
            whole.span(),
            value,
            &quote_spanned!(whole.span()=> #text, &[#(#branches),*]),
        )
    }

    /// `&|found| …` on the same value.
    fn branch(&mut self, pattern: &Pattern, value: &Ident) -> TokenStream {
        let conditions = self.conditions(pattern, value);
        let found = &self.found;
        let private = self.paths.private(pattern.span());
        quote_spanned!(pattern.span()=> &|#found: &mut #private::typed::Found| { #conditions })
    }

    /// `&|element, found| …`
    fn on_element(&mut self, pattern: &Pattern) -> TokenStream {
        let element = Ident::new("__choreo_element", pattern.span());
        let conditions = self.conditions(pattern, &element);
        let found = &self.found;
        let private = self.paths.private(pattern.span());
        quote_spanned!(pattern.span()=> &|#element, #found: &mut #private::typed::Found| { #conditions })
    }

    fn destructure(&mut self, typed: &TypedPattern, value: &Ident) -> TokenStream {
        let span = typed.path.span();
        let path = pattern_path(&typed.path);
        let (arm, conditions) = match &typed.body {
            TypedBody::Unit if typed.path.segments.len() == 1 => {
                // A bare name in a pattern would bind whatever is there if no such variant exists.
                (quote_spanned!(span=> #path {}), TokenStream::new())
            }
            TypedBody::Unit => (path.to_token_stream(), TokenStream::new()),
            TypedBody::Fields {
                brace,
                fields,
                rest,
            } => {
                let (members, conditions) = self.fields(fields, *rest);
                let group = delimited(Delimiter::Brace, members, brace.span.join());
                (quote!(#path #group), conditions)
            }
            TypedBody::Tuple { paren, items } => {
                let (members, conditions) = self.tuple(items, typed.is_option());
                let group = delimited(Delimiter::Parenthesis, members, paren.span.join());
                (quote!(#path #group), conditions)
            }
        };
        let text = text::of_tokens(typed.path.to_token_stream());
        let is_struct = matches!(typed.body, TypedBody::Fields { .. }) && !typed.names_variant();
        let private = self.paths.private(span);
        let found = &self.found;
        // A struct is taken apart in any case, so it needs no `Debug` to be shown.
        let otherwise = if is_struct {
            quote_spanned!(span=> #private::typed::other_variant_unseen(#found, #text))
        } else {
            quote_spanned!(span=> #private::typed::other_variant(#found, #value, #text))
        };
        quote_spanned! {span=>
            match #value {
                #arm => { #conditions }
                #[allow(unreachable_patterns)]
                _ => #otherwise,
            }
        }
    }

    /// The inside of `Type { … }`, and the conditions on the fields.
    fn fields(&mut self, fields: &[TypedField], rest: bool) -> (TokenStream, TokenStream) {
        let mut members = TokenStream::new();
        let mut conditions = TokenStream::new();
        for TypedField { name, pattern } in fields {
            if ignores_value(pattern) {
                members.extend(quote_spanned!(name.span()=> #name: _,));
                continue;
            }
            let value = format_ident!("__choreo_{}", name, span = name.span());
            members.extend(quote_spanned!(name.span()=> #name: #value,));
            let inner = self.conditions(pattern, &value);
            let found = &self.found;
            let key = syn::ext::IdentExt::unraw(name).to_string();
            conditions.extend(quote_spanned! {name.span()=>
                #found.enter_key(#key);
                #inner
                #found.leave();
            });
        }
        if rest {
            members.extend(quote!(..));
        }
        (members, conditions)
    }

    /// The inside of `Variant(…)`, and the conditions on its parts.
    fn tuple(&mut self, items: &[Item], transparent: bool) -> (TokenStream, TokenStream) {
        let mut members = TokenStream::new();
        let mut conditions = TokenStream::new();
        // Serde writes the only part of a variant as it is, without a list around it.
        let numbered = !transparent && items.len() > 1;
        for (index, item) in items.iter().enumerate() {
            match item {
                Item::Rest(span) => members.extend(quote_spanned!(*span=> ..,)),
                Item::One(pattern) if ignores_value(pattern) => {
                    members.extend(quote_spanned!(pattern.span()=> _,));
                }
                Item::One(pattern) => {
                    let value = format_ident!("__choreo_part_{}", index, span = pattern.span());
                    members.extend(quote_spanned!(pattern.span()=> #value,));
                    let inner = self.conditions(pattern, &value);
                    let found = &self.found;
                    conditions.extend(if numbered {
                        quote_spanned! {pattern.span()=>
                            #found.enter_index(#index);
                            #inner
                            #found.leave();
                        }
                    } else {
                        inner
                    });
                }
            }
        }
        (members, conditions)
    }
}

/// The same variable for the compiler, but an error about it shows at `span`.
fn located_at(variable: &Ident, span: Span) -> Ident {
    let mut variable = variable.clone();
    variable.set_span(variable.span().located_at(span));
    variable
}

/// Whether the value need not be looked at.
fn ignores_value(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Present(_) | Pattern::Broken)
}

/// A path as a pattern has it: the compiler infers the generic arguments of the type.
fn pattern_path(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

/// A group with the user's delimiters, where rustc reports a forgotten field.
fn delimited(delimiter: Delimiter, content: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, content);
    group.set_span(span);
    group
}
