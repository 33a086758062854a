//! `#[case(…)]` and `#[cases(from = "…")]` below `#[choreo::scenario(…)]`, and the parameters that
//! they fill.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, FnArg, Ident, LitStr, Meta, Pat, Signature, Token, Type};

use crate::model::{CaseParameter, CaseRow, CaseSource, Function};
use crate::recover::{Diagnostics, skip_to_end};

/// The rows above a function, and whether any was attempted.
pub(crate) struct Cases {
    pub(crate) sources: Vec<CaseSource>,
    pub(crate) tried: bool,
}

/// Takes the rows off the function, in the order of the source. `#[case]` on a parameter, which
/// other frameworks have, goes too.
pub(crate) fn take(function: &mut Function, diagnostics: &mut Diagnostics) -> Cases {
    let mut cases = Cases {
        sources: Vec::new(),
        tried: false,
    };
    function.attrs.retain(|attribute| {
        let source = match attribute.path().segments.first() {
            Some(first) if first.ident == "case" => row(attribute).map(CaseSource::Row),
            Some(first) if first.ident == "cases" => file(attribute).map(CaseSource::File),
            _ => return true,
        };
        cases.tried = true;
        cases.sources.extend(diagnostics.take(source));
        false
    });
    for parameter in &mut function.sig.inputs {
        if let FnArg::Typed(parameter) = parameter {
            parameter.attrs.retain(|attribute| {
                let is_case = attribute.path().is_ident("case");
                if is_case {
                    diagnostics.error_spanned(
                        attribute,
                        "every parameter after the scenario is filled by the rows; remove this \
                         attribute",
                    );
                }
                !is_case
            });
        }
    }
    cases
}

fn row(attribute: &Attribute) -> syn::Result<CaseRow> {
    const FORM: &str = "a row gives the values of the parameters: write `#[case(1, \"EU\")]`, or \
                        `#[case::name(1, \"EU\")]`";
    let mut segments = attribute.path().segments.iter().skip(1);
    let name = segments.next().map(|segment| segment.ident.clone());
    if segments.next().is_some() {
        return Err(syn::Error::new_spanned(
            attribute.path(),
            "a row has one name: write `#[case::name(…)]`",
        ));
    }
    let Meta::List(list) = &attribute.meta else {
        return Err(syn::Error::new_spanned(attribute, FORM));
    };
    let values = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list.tokens.clone())?;
    Ok(CaseRow {
        name,
        values: values.into_iter().collect(),
        written: attribute.meta.to_token_stream(),
    })
}

fn file(attribute: &Attribute) -> syn::Result<LitStr> {
    const FORM: &str = "rows are read from a file below the package's folder: write \
                        `#[cases(from = \"tests/orders.json\")]`";
    let wrong = || syn::Error::new_spanned(attribute, FORM);
    let Meta::List(list) = &attribute.meta else {
        return Err(wrong());
    };
    if attribute.path().segments.len() > 1 {
        return Err(wrong());
    }
    let parser = |input: ParseStream<'_>| {
        let parsed = (|| {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let path: LitStr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            (key == "from" && input.is_empty())
                .then_some(path)
                .ok_or_else(wrong)
        })();
        skip_to_end(input);
        parsed.map_err(|_: syn::Error| wrong())
    };
    parser.parse2(list.tokens.clone())
}

/// What rows fill: the parameters after the scenario.
pub(crate) fn parameters(sig: &Signature) -> Vec<CaseParameter> {
    sig.inputs
        .iter()
        .skip(1)
        .filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        })
        .map(|parameter| {
            let name = match &*parameter.pat {
                Pat::Ident(pat) => Some(pat.ident.to_string()),
                _ => None,
            };
            let pattern = name
                .clone()
                .unwrap_or_else(|| compact(&parameter.pat.to_token_stream()));
            CaseParameter {
                shown: format!("{pattern}: {}", of_type(&parameter.ty)),
                name,
                ty: (*parameter.ty).clone(),
                written: parameter.to_token_stream(),
            }
        })
        .collect()
}

fn of_type(ty: &Type) -> String {
    compact(&ty.to_token_stream())
}

/// A type or a short pattern as rustfmt would write it.
fn compact(tokens: &TokenStream) -> String {
    let mut text = tokens.to_string();
    for (wide, narrow) in [
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" :: ", "::"),
    ] {
        text = text.replace(wide, narrow);
    }
    text
}
