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

/// The types that literals have, by name.
enum Known<'t> {
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
    Optional(&'t Type),
    List(&'t Type),
    Other,
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
    let known = known(ty);
    let json = match (cell, &known) {
        (Cell::Json(json, _), _) => json.clone(),
        (Cell::Text(text), Known::Text { .. } | Known::Char) => Json::Text(text.clone()),
        (Cell::Text(text), Known::Optional(_)) if text.is_empty() => Json::Null,
        (Cell::Text(_), Known::Optional(inner)) => {
            let inner = expression(inner, cell, place)
                .map_err(|takes| format!("{takes}, or nothing at all"))?;
            return Ok(quote_spanned!(place.span=> ::core::option::Option::Some(#inner)));
        }
        (Cell::Text(text), Known::Other) => return Ok(deferred("case_text", ty, text, place)),
        (Cell::Text(text), _) => match json_value(text) {
            Some(json) => json,
            None => return Err(known.takes()),
        },
    };
    literal(&known, &json, place).unwrap_or_else(|| match (&known, cell) {
        (Known::Optional(inner), Cell::Json(..)) => match expression(inner, cell, place) {
            Ok(inner) => Ok(quote_spanned!(place.span=> ::core::option::Option::Some(#inner))),
            Err(takes) => Err(format!("{takes}, or `null`")),
        },
        (Known::List(item), _) => list(item, &json, place).unwrap_or_else(|| Err(known.takes())),
        (Known::Other, Cell::Json(_, text)) => Ok(deferred("case_json", ty, text, place)),
        _ => Err(known.takes()),
    })
}

/// Types that hold no others.
fn literal(
    known: &Known<'_>,
    json: &Json,
    place: &Place<'_>,
) -> Option<Result<TokenStream, String>> {
    let span = place.span;
    let tokens = match (known, json) {
        (Known::Integer { name, low, high }, Json::Number(text)) => {
            let fits = match text.parse::<i128>() {
                Ok(value) if value <= 0 => value >= *low,
                _ => text.parse::<u128>().is_ok_and(|value| value <= *high),
            };
            if !fits {
                return Some(Err(known.takes()));
            }
            let digits = if text == "-0" { "0" } else { text };
            number(digits, name, span)
        }
        (Known::Float { name, high }, Json::Number(text)) => {
            let fits = text.parse::<f64>().is_ok_and(|value| value.abs() <= *high);
            if !fits {
                return Some(Err(known.takes()));
            }
            number(text, name, span)
        }
        (Known::Bool, Json::Bool(value)) => quote_spanned!(span=> #value),
        (Known::Char, Json::Text(text)) => {
            let mut letters = text.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                return Some(Err(known.takes()));
            };
            quote_spanned!(span=> #letter)
        }
        (Known::Text { owned: false }, Json::Text(text)) => quote_spanned!(span=> #text),
        (Known::Text { owned: true }, Json::Text(text)) => {
            quote_spanned!(span=> ::std::string::String::from(#text))
        }
        (Known::Optional(_), Json::Null) => quote_spanned!(span=> ::core::option::Option::None),
        (Known::Optional(_) | Known::List(_) | Known::Other, _) => return None,
        _ => return Some(Err(known.takes())),
    };
    Some(Ok(tokens))
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

fn list(item: &Type, json: &Json, place: &Place<'_>) -> Option<Result<TokenStream, String>> {
    let Json::List(cells) = json else {
        return None;
    };
    let items: Result<Vec<TokenStream>, String> = cells
        .iter()
        .map(|cell| expression(item, cell, place))
        .collect();
    Some(match items {
        Ok(items) => Ok(quote_spanned!(place.span=> <::std::vec::Vec<#item>>::from([#(#items),*]))),
        Err(takes) => Err(format!("a list, and for each of its items {takes}")),
    })
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
            Known::Text { owned: false } if reference.mutability.is_none() => {
                Known::Text { owned: false }
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
        return Known::Integer {
            name,
            low: *low,
            high: *high,
        };
    }
    if let Some((name, high)) = FLOATS.iter().find(|(float, _)| *float == name) {
        return Known::Float { name, high: *high };
    }
    match name.as_str() {
        "bool" => Known::Bool,
        "char" => Known::Char,
        "str" => Known::Text { owned: false },
        "String" => Known::Text { owned: true },
        _ => Known::Other,
    }
}

impl Known<'_> {
    /// The values that the type has, for the sentence about one that it has not.
    fn takes(&self) -> String {
        match self {
            Self::Integer { low, high, .. } => format!("a whole number from {low} to {high}"),
            Self::Float { high, .. } => format!("a number of at most {high:e}"),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Char => "a text of one character".to_owned(),
            Self::Text { .. } => "a text".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Optional(_) | Self::Other => "another value".to_owned(),
        }
    }
}
