//! `#[choreo::harness]` and `#[choreo::stage]`: the function becomes a static of its name, which connects
//! on first use.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, ReturnType, Visibility};

use crate::model::{Function, HostKind};
use crate::paths::Paths;
use crate::recover::Diagnostics;
use crate::{check, parse};

use super::scenario::name_of;

pub(crate) fn entry(kind: HostKind, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let krate = parse::args::host_attribute(kind, args, &mut diagnostics);
    let Some(function) = parse::function::parse(item.clone(), kind.word(), &mut diagnostics) else {
        let mut expansion = diagnostics.into_compile_errors();
        expansion.extend(item);
        return expansion;
    };
    check::function::host(kind, &function, &mut diagnostics);
    let paths = Paths::from_attribute(krate.as_ref());
    if diagnostics.is_empty() {
        return host(kind, &paths, function);
    }
    let errors = diagnostics.into_compile_errors();
    let stand_in = stand_in(kind, &paths, &function);
    quote!(#errors #stand_in)
}

fn host(kind: HostKind, paths: &Paths, mut function: Function) -> TokenStream {
    let private = paths.private(Span::call_site());
    let (outer, inner) = function
        .attrs
        .drain(..)
        .partition::<Vec<_>, _>(belongs_to_static);
    function.attrs = inner;
    let vis = std::mem::replace(&mut function.vis, Visibility::Inherited);
    let ident = function.sig.ident.clone();
    let name = name_of(&ident);
    let line = quote_spanned!(ident.span()=> ::core::line!());
    let output_span = match &function.sig.output {
        ReturnType::Type(_, output) => output.span(),
        ReturnType::Default => ident.span(),
    };
    let spanned_private = match kind {
        HostKind::Harness => paths.private(output_span),
        // Both places that need it say the same of a return type that is wrong.
        HostKind::Stage => paths.private_unmarked(output_span),
    };
    let connect = match kind {
        HostKind::Harness => quote_spanned!(output_span=> #spanned_private::connect_with(#ident())),
        HostKind::Stage => {
            quote_spanned!(output_span=> #spanned_private::connect_stage_with(#ident()))
        }
    };
    let host = match (kind, &function.sig.output) {
        (HostKind::Stage, ReturnType::Type(_, output)) => quote_spanned! {output_span=>
            <#output as #spanned_private::IntoStage>::Host
        },
        _ => quote!(#private::Harness),
    };
    quote! {
        #(#outer)*
        #[allow(non_upper_case_globals)]
        #vis static #ident: #private::HostFn<#host> = {
            #function
            #private::HostFn::new(
                #name,
                ::core::module_path!(),
                ::core::file!(),
                #line,
                || #connect,
            )
        };
    }
}

/// After a mistake the name is still a harness, so that the scenarios that use it do not report
/// theirs; the function stays in it for the editor.
fn stand_in(kind: HostKind, paths: &Paths, function: &Function) -> TokenStream {
    let private = paths.private(Span::call_site());
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let (outer, inner) = attrs
        .iter()
        .partition::<Vec<_>, _>(|a| belongs_to_static(a));
    let ident = &sig.ident;
    if kind == HostKind::Stage {
        // Which stage it is, nobody knows.
        return quote!(#[allow(dead_code)] #function);
    }
    let name = name_of(ident);
    quote! {
        #(#outer)*
        #[allow(non_upper_case_globals)]
        #vis static #ident: #private::HarnessFn = {
            #[allow(dead_code)]
            #(#inner)*
            #sig #body
            #private::HarnessFn::new(#name, "", "", 0, || ::core::unreachable!())
        };
    }
}

/// Lints, documentation and `cfg` are about the static and reach the function inside it; all other
/// attributes are about the function.
fn belongs_to_static(attribute: &Attribute) -> bool {
    const OURS: [&str; 9] = [
        "doc",
        "cfg",
        "cfg_attr",
        "deprecated",
        "allow",
        "expect",
        "warn",
        "deny",
        "forbid",
    ];
    OURS.iter().any(|name| attribute.path().is_ident(name))
}
