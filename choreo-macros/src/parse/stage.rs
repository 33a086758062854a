//! `#[derive(Stage)]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Fields, Path};

use crate::model::{HostKind, StageDef, StageField};
use crate::parse::args;
use crate::recover::Diagnostics;

const FORM: &str = "write `struct Gateway { nats: Harness, kafka: Harness }`";

/// Parses the type; nothing when it cannot be a stage's transports.
pub(crate) fn parse(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<StageDef> {
    let input: DeriveInput = diagnostics.take(syn::parse2(item))?;
    let krate = krate(&input.attrs, diagnostics);
    if !input.generics.params.is_empty() {
        diagnostics.error_spanned(
            &input.generics,
            "the transports of a stage are known: remove the type and lifetime parameters",
        );
        return None;
    }
    let Data::Struct(data) = input.data else {
        diagnostics.error_spanned(
            &input.ident,
            format!("the transports of a stage are the fields of a struct: {FORM}"),
        );
        return None;
    };
    let Fields::Named(named) = data.fields else {
        diagnostics.error_spanned(
            &input.ident,
            format!("each transport of a stage has a name: {FORM}"),
        );
        return None;
    };
    if named.named.is_empty() {
        diagnostics.error(
            named.brace_token.span.join(),
            format!("a stage has at least one transport: {FORM}"),
        );
        return None;
    }
    let fields = named
        .named
        .into_iter()
        .filter_map(|field| {
            Some(StageField {
                vis: field.vis,
                ident: field.ident?,
                ty: field.ty,
            })
        })
        .collect();
    Some(StageDef {
        vis: input.vis,
        ident: input.ident,
        fields,
        krate,
    })
}

fn krate(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Option<Path> {
    let mut krate = None;
    for attribute in attrs.iter().filter(|a| a.path().is_ident("stage")) {
        match &attribute.meta {
            syn::Meta::List(list) => {
                krate = args::host_attribute(HostKind::Stage, list.tokens.clone(), diagnostics);
            }
            other => diagnostics.error(
                other.span(),
                format!(
                    "write `#[stage(crate = path)]` instead of `{}`",
                    other.to_token_stream()
                ),
            ),
        }
    }
    krate
}
