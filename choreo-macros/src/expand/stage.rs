//! `#[derive(Stage)]`: the transports, and the struct of their builders.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::model::StageDef;
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

pub(crate) fn entry(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let stage = parse::stage::parse(item, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    let implementation = stage.map(|stage| implementation(&stage));
    quote!(#errors #implementation)
}

fn implementation(stage: &StageDef) -> TokenStream {
    let paths = Paths::from_attribute(stage.krate.as_ref());
    let private = paths.private(Span::call_site());
    let StageDef { vis, ident, .. } = stage;
    let builders = format_ident!("{ident}Builder");
    let doc = format!("What each transport of [`{ident}`] is to be.");
    let idents: Vec<_> = stage.fields.iter().map(|field| &field.ident).collect();
    let names = idents
        .iter()
        .map(|ident| LitStr::new(&ident.unraw().to_string(), ident.span()));
    let count = idents.len();
    let fields = stage.fields.iter().map(|field| {
        let (vis, ident) = (&field.vis, &field.ident);
        let doc = format!("The transport `{ident}`.");
        quote!(#[doc = #doc] #vis #ident: #private::HarnessBuilder)
    });
    // As a bound, a field of another type is reported at that type, and once.
    let bounds = stage.fields.iter().map(|field| {
        let (span, ty) = (field.ty.span(), &field.ty);
        let private = paths.private(span);
        quote_spanned!(span=> #ty: #private::StageField)
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug)]
        #vis struct #builders {
            #(#fields,)*
        }
        #[automatically_derived]
        impl #private::Transports for #ident
        where
            #(#bounds,)*
        {
            type Builders = #builders;

            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn builders(builders: #builders) -> ::std::vec::Vec<#private::HarnessBuilder> {
                ::std::vec![#(builders.#idents),*]
            }

            fn from_harnesses(harnesses: ::std::vec::Vec<#private::Harness>) -> Self {
                let [#(#idents),*]: [#private::Harness; #count] =
                    #private::exactly(harnesses);
                Self { #(#idents: #private::StageField::new(#idents)),* }
            }

            fn harnesses(&self) -> ::std::vec::Vec<&#private::Harness> {
                ::std::vec![#(#private::StageField::harness(&self.#idents)),*]
            }
        }
    }
}
