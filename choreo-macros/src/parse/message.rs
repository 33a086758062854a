//! `#[derive(Message)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, Meta};

use crate::check;
use crate::model::MessageDef;
use crate::parse::args::{self, MessageArgs};
use crate::recover::Diagnostics;

const NAME_THE_TOPIC: &str = "a message names its topic: put `#[message(topic = \"…\")]` below \
     `#[derive(Message)]`";

/// Parses the type; nothing when it is no item at all.
pub(crate) fn parse(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<MessageDef> {
    let input: DeriveInput = diagnostics.take(syn::parse2(item))?;
    let mut args = MessageArgs::default();
    for attribute in input.attrs.iter().filter(|a| is_ours(a)) {
        match &attribute.meta {
            Meta::List(list) => {
                args::message_attribute(list.tokens.clone(), &mut args, diagnostics);
            }
            other => {
                args.topic_tried = true;
                diagnostics.error_spanned(other, "write `#[message(topic = \"…\")]`");
            }
        }
    }
    if !args.topic_tried {
        diagnostics.error(input.ident.span(), NAME_THE_TOPIC);
    }
    let topic = args
        .topic
        .filter(|topic| check::topic::check(topic, diagnostics));
    refuse_inner_attributes(&input.data, diagnostics);
    for parameter in &input.generics.params {
        if let GenericParam::Lifetime(lifetime) = parameter {
            diagnostics.error(
                lifetime.span(),
                "a message owns its data, because it outlives the bytes that it was decoded from; \
                 use an owned type such as `String` instead of a reference",
            );
        }
    }
    Some(MessageDef {
        ident: input.ident,
        generics: input.generics,
        topic,
        krate: args.krate,
    })
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("message")
}

fn refuse_inner_attributes(data: &Data, diagnostics: &mut Diagnostics) {
    let mut refuse = |attrs: &[Attribute]| {
        for attribute in attrs.iter().filter(|a| is_ours(a)) {
            diagnostics.error_spanned(
                attribute.to_token_stream(),
                "`#[message(…)]` is about the whole type; move it above the type",
            );
        }
    };
    let mut fields = |fields: &Fields| fields.iter().for_each(|field| refuse(&field.attrs));
    match data {
        Data::Struct(data) => fields(&data.fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                fields(&variant.fields);
            }
        }
        Data::Union(_) => {}
    }
    if let Data::Enum(data) = data {
        data.variants
            .iter()
            .for_each(|variant| refuse(&variant.attrs));
    }
    if let Data::Union(data) = data {
        diagnostics.error(
            data.union_token.span,
            "a union cannot be a message, as nothing says which field holds; use an enum",
        );
    }
}
