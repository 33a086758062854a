//! A value of a file as an expression of its parameter's type. What the macro knows of a type is
//! its name, so the types that literals have are checked here; all others deserialize when the case
//! starts.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type, TypePath};

use crate::paths::Paths;
use crate::table::{Cell, Json, json_value};

/// Where a value comes from and where its expression is shown.
pub(super) struct Place<'p> {
    pub(super) paths: &'p Paths,
    /// The file's name in the source.
    pub(super) span: Span,
    /// `orders.json:4: row 3: field …`
    pub(super) at: String,
}

/// What is known of a type by its name.
enum Known<'t> {
    Plain(Plain),
    Optional(&'t Type),
    List(&'t Type),
    Other,
}

/// The types that literals have.
enum Plain {
    Integer {
        name: &'static str,
        low: i128,
        high: u128,
    },
    Float {
        name: &'static str,
        high: f64,
    },
    Bool,
    Char,
    Text {
        owned: bool,
    },
}

const INTEGERS: [(&str, i128, u128); 12] = [
    ("i8", i8::MIN as i128, i8::MAX as u128),
    ("i16", i16::MIN as i128, i16::MAX as u128),
    ("i32", i32::MIN as i128, i32::MAX as u128),
    ("i64", i64::MIN as i128, i64::MAX as u128),
    ("i128", i128::MIN, i128::MAX as u128),
    ("isize", i64::MIN as i128, i64::MAX as u128),
    ("u8", 0, u8::MAX as u128),
    ("u16", 0, u16::MAX as u128),
    ("u32", 0, u32::MAX as u128),
    ("u64", 0, u64::MAX as u128),
    ("u128", 0, u128::MAX),
    ("usize", 0, u64::MAX as u128),
];

const FLOATS: [(&str, f64); 2] = [("f32", f32::MAX as f64), ("f64", f64::MAX)];

/// The expression, or what the type takes instead.
pub(super) fn expression(ty: &Type, cell: &Cell, place: &Place<'_>) -> Result<TokenStream, String> {
    let span = place.span;
    match (known(ty), cell) {
        (Known::Optional(inner), _) => {
            let (is_nothing, nothing) = match cell {
                Cell::Text(text) => (text.is_empty(), "nothing at all"),
                Cell::Json(json, _) => (*json == Json::Null, "`null`"),
            };
            if is_nothing {
                return Ok(quote_spanned!(span=> ::core::option::Option::None));
            }
            let inner =
                expression(inner, cell, place).map_err(|takes| format!("{takes}, or {nothing}"))?;
            Ok(quote_spanned!(span=> ::core::option::Option::Some(#inner)))
        }
        (Known::Other, Cell::Text(text)) => Ok(deferred("case_text", ty, text, place)),
        (Known::Other, Cell::Json(_, text)) => Ok(deferred("case_json", ty, text, place)),
        (Known::List(item), Cell::Text(text)) => list(item, json_value(text), place),
        (Known::List(item), Cell::Json(json, _)) => list(item, Some(json.clone()), place),
        (Known::Plain(plain), Cell::Text(text)) => {
            let json = match plain {
                Plain::Text { .. } | Plain::Char => Some(Json::Text(text.clone())),
                _ => json_value(text),
            };
            json.and_then(|json| literal(&plain, &json, span))
                .ok_or_else(|| plain.takes())
        }
        (Known::Plain(plain), Cell::Json(json, _)) => {
            literal(&plain, json, span).ok_or_else(|| plain.takes())
        }
    }
}

/// Nothing when the type has no such value.
fn literal(plain: &Plain, json: &Json, span: Span) -> Option<TokenStream> {
    Some(match (plain, json) {
        (Plain::Integer { name, low, high }, Json::Number(text)) => {
            let fits = match text.parse::<i128>() {
                Ok(value) if value <= 0 => value >= *low,
                _ => text.parse::<u128>().is_ok_and(|value| value <= *high),
            };
            if !fits {
                return None;
            }
            let digits = if text == "-0" { "0" } else { text };
            number(digits, name, span)
        }
        (Plain::Float { name, high }, Json::Number(text)) => {
            let fits = text.parse::<f64>().is_ok_and(|value| value.abs() <= *high);
            if !fits {
                return None;
            }
            number(text, name, span)
        }
        (Plain::Bool, Json::Bool(value)) => quote_spanned!(span=> #value),
        (Plain::Char, Json::Text(text)) => {
            let mut letters = text.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                return None;
            };
            quote_spanned!(span=> #letter)
        }
        (Plain::Text { owned: false }, Json::Text(text)) => quote_spanned!(span=> #text),
        (Plain::Text { owned: true }, Json::Text(text)) => {
            quote_spanned!(span=> ::std::string::String::from(#text))
        }
        _ => return None,
    })
}

/// Digits that were checked, with the type at their end.
fn number(text: &str, ty: &str, span: Span) -> TokenStream {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (quote_spanned!(span=> -), digits),
        None => (TokenStream::new(), text),
    };
    let mut literal: Literal = format!("{digits}{ty}")
        .parse()
        .expect("the digits of a JSON number and a numeric type are a literal");
    literal.set_span(span);
    quote!(#sign #literal)
}

fn list(item: &Type, json: Option<Json>, place: &Place<'_>) -> Result<TokenStream, String> {
    let Some(Json::List(cells)) = json else {
        return Err("a list".to_owned());
    };
    let items: Result<Vec<TokenStream>, String> = cells
        .iter()
        .map(|cell| expression(item, cell, place))
        .collect();
    let items = items.map_err(|takes| format!("a list, and for each of its items {takes}"))?;
    Ok(quote_spanned!(place.span=> <::std::vec::Vec<#item>>::from([#(#items),*])))
}

/// A call that ends the case, with the row in the text, when the value does not fit.
fn deferred(function: &str, ty: &Type, text: &str, place: &Place<'_>) -> TokenStream {
    let span = syn::spanned::Spanned::span(ty);
    let private = place.paths.private(span);
    let function = syn::Ident::new(function, span);
    let at = &place.at;
    quote_spanned! {span=>
        match #private::#function::<#ty>(#at, #text) {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(end) => return end,
        }
    }
}

fn known(ty: &Type) -> Known<'_> {
    match ty {
        Type::Group(group) => known(&group.elem),
        Type::Paren(paren) => known(&paren.elem),
        Type::Reference(reference) => match known(&reference.elem) {
            text @ Known::Plain(Plain::Text { owned: false }) if reference.mutability.is_none() => {
                text
            }
            _ => Known::Other,
        },
        Type::Path(path) => named(path),
        _ => Known::Other,
    }
}

fn named(path: &TypePath) -> Known<'_> {
    let segments = &path.path.segments;
    let is_std = segments.len() == 1
        || segments
            .first()
            .is_some_and(|first| ["std", "core", "alloc"].iter().any(|it| first.ident == it));
    let (None, true, Some(last)) = (&path.qself, is_std, segments.last()) else {
        return Known::Other;
    };
    let name = last.ident.to_string();
    if let PathArguments::AngleBracketed(arguments) = &last.arguments {
        let mut arguments = arguments.args.iter();
        return match (name.as_str(), arguments.next(), arguments.next()) {
            ("Option", Some(GenericArgument::Type(inner)), None) => Known::Optional(inner),
            ("Vec", Some(GenericArgument::Type(item)), None) => Known::List(item),
            _ => Known::Other,
        };
    }
    let integer = INTEGERS.iter().find(|(integer, ..)| *integer == name);
    if let Some((name, low, high)) = integer {
        return Known::Plain(Plain::Integer {
            name,
            low: *low,
            high: *high,
        });
    }
    if let Some((name, high)) = FLOATS.iter().find(|(float, _)| *float == name) {
        return Known::Plain(Plain::Float { name, high: *high });
    }
    match name.as_str() {
        "bool" => Known::Plain(Plain::Bool),
        "char" => Known::Plain(Plain::Char),
        "str" => Known::Plain(Plain::Text { owned: false }),
        "String" => Known::Plain(Plain::Text { owned: true }),
        _ => Known::Other,
    }
}

impl Plain {
    /// The values that the type has, for the sentence about one that it has not.
    fn takes(&self) -> String {
        match self {
            Self::Integer { low, high, .. } => format!("a whole number from {low} to {high}"),
            Self::Float { high, .. } => format!("a number of at most {high:e}"),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Char => "a text of one character".to_owned(),
            Self::Text { .. } => "a text".to_owned(),
        }
    }
}
