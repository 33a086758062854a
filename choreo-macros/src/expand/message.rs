//! `#[derive(Message)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::model::MessageDef;
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

pub(crate) fn entry(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let message = parse::message::parse(item, &mut diagnostics);
    let errors = diagnostics.into_compile_errors();
    let implementation = message.map(|message| implementation(&message));
    quote!(#errors #implementation)
}

/// Also after a mistake, so that what uses the type is not reported as well.
fn implementation(message: &MessageDef) -> TokenStream {
    let paths = Paths::from_attribute(message.krate.as_ref());
    let private = paths.private(Span::call_site());
    let ident = &message.ident;
    let (impl_generics, type_generics, where_clause) = message.generics.split_for_impl();
    let topic = message
        .topic
        .clone()
        .unwrap_or_else(|| LitStr::new("", Span::call_site()));
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::Message for #ident #type_generics #where_clause {
            const TOPIC: &'static str = #topic;
        }
    }
}
