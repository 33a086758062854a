//! `publish!` and `request!`: statements that rebind the caller's own variable.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;

use crate::model::{Publication, PublishOptions, Published, Sending};
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

use super::payload;

/// `[$crate] s, topic, payload, options`
pub(crate) fn entry(input: TokenStream, sending: Sending) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        Ok((
            paths,
            parse::publish::parse(input, sending, &mut diagnostics),
        ))
    };
    let expansion = match parser.parse2(input) {
        Ok((paths, Some(publication))) => statement(&paths, &publication),
        Ok((_, None)) => TokenStream::new(),
        Err(error) => {
            diagnostics.absorb(error);
            TokenStream::new()
        }
    };
    let errors = diagnostics.into_compile_errors();
    quote!(#errors #expansion)
}

/// The draft is built before the scenario moves: its expressions may ask the scenario.
///
/// After a mistake the step still counts as taken, so that what follows does not report that the
/// scenario was never triggered.
fn statement(paths: &Paths, publication: &Publication) -> TokenStream {
    let scenario = &publication.target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    let draft = draft(paths, publication);
    let step = match super::leg_by("leg_to_send", paths, &publication.target) {
        None => quote_spanned!(span=> #private::publish(#scenario, __choreo_draft).await),
        // The transport is looked up before the scenario moves.
        Some(leg) => quote_spanned! {span=> {
            let __choreo_leg = #leg;
            #private::publish_on(#scenario, __choreo_leg, __choreo_draft).await
        }},
    };
    quote_spanned! {span=>
        #[allow(unused_variables)]
        let #scenario = {
            let __choreo_draft = #draft;
            #step
        };
    }
}

fn draft(paths: &Paths, publication: &Publication) -> TokenStream {
    let span = publication.target.ident.span();
    let mut draft = match &publication.what {
        Some(Published::Message(message)) => {
            let span = message.tokens.span();
            let private = paths.private(span);
            let message = payload::borrowed(message);
            quote_spanned!(span=> #private::PublishDraft::message(#message))
        }
        Some(Published::Payload {
            topic,
            payload: written,
        }) => {
            let body = payload::body(paths, written);
            let span = topic.tokens.span();
            let private = paths.private(span);
            let topic = payload::topic(paths, topic);
            quote_spanned!(span=> #private::PublishDraft::new(#topic, #body))
        }
        None => {
            let private = paths.private(span);
            quote_spanned!(span=> #private::PublishDraft::new(
                "",
                #private::value_body(::core::result::Result::Ok(#private::Value::Null)),
            ))
        }
    };
    draft = around(paths, draft, &publication.options);
    if publication.sending == Sending::Request {
        draft = quote_spanned!(span=> #draft.request());
    }
    draft
}

/// Calls that add headers, key and metadata.
pub(super) fn around(
    paths: &Paths,
    mut draft: TokenStream,
    options: &PublishOptions,
) -> TokenStream {
    for header in &options.headers {
        let name = &header.name;
        let value = payload::argument(&header.value);
        let value = payload::call(paths, "header_value", &value);
        draft = quote_spanned!(header.name_span=> #draft.header(#name, #value));
    }
    if let Some(key) = &options.key {
        let key_tokens = payload::call(paths, "key", &payload::argument(key));
        draft = quote_spanned!(key.tokens.span()=> #draft.key(#key_tokens));
    }
    for field in &options.metadata {
        let name = &field.key;
        let value = payload::value(paths, &field.value);
        draft = quote_spanned!(field.key_span=> #draft.metadata(#name, #value));
    }
    draft
}
