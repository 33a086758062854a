//! `reply!`: a rule is built, then armed.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;

use crate::model::pattern::Pattern;
use crate::model::{Answer, Reply, ReplyClosure, Trigger};
use crate::paths::Paths;
use crate::recover::Diagnostics;
use crate::{check, parse};

use super::{pattern, payload};

pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        Ok((paths, parse::reply::parse(input, &mut diagnostics)))
    };
    let expansion = match parser.parse2(input) {
        Ok((paths, Some(reply))) => {
            check_patterns(&reply, &mut diagnostics);
            step(&paths, &reply)
        }
        Ok((_, None)) => TokenStream::new(),
        Err(error) => {
            diagnostics.absorb(error);
            TokenStream::new()
        }
    };
    let errors = diagnostics.into_compile_errors();
    quote!({ #errors #expansion })
}

fn step(paths: &Paths, reply: &Reply) -> TokenStream {
    let scenario = &reply.target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    let mut rule = rule(paths, reply);
    if let Some(times) = &reply.times {
        let count = &times.tokens;
        rule = quote_spanned!(count.span()=> #rule.times(#count));
    }
    quote_spanned!(span=> #private::reply(&#scenario, #rule))
}

fn rule(paths: &Paths, reply: &Reply) -> TokenStream {
    let span = reply.target.ident.span();
    let private = paths.private(span);
    let place = quote_spanned!(span=> ::core::file!(), ::core::line!());
    match &reply.answer {
        Answer::Message(closure) => message(paths, reply.trigger.as_ref(), closure, &place),
        Answer::Computed { topic, closure } => {
            let on = on(paths, &private, reply.trigger.as_ref(), &place);
            let topic = &topic.tokens;
            let parameter = parameter_type(paths, reply.trigger.as_ref(), closure);
            let builder = builder(paths, "reply_with", closure, &parameter);
            quote_spanned!(span=> #on.answer(#topic, #builder))
        }
        Answer::Fixed { topic, payload } => {
            let on = on(paths, &private, reply.trigger.as_ref(), &place);
            let topic = &topic.tokens;
            let body = payload::body(paths, payload);
            quote_spanned!(span=> #on.answer(#topic, #private::reply_static(#body)))
        }
    }
}

/// From message to message.
fn message(
    paths: &Paths,
    trigger: Option<&Trigger>,
    closure: &ReplyClosure,
    place: &TokenStream,
) -> TokenStream {
    let parameter = parameter_type(paths, trigger, closure);
    let span = parameter.span();
    let private = paths.private(span);
    let pattern = match trigger {
        Some(Trigger::Typed(typed)) => erased(paths, typed.path.span(), pattern::typed_message(paths, typed)),
        _ => quote_spanned!(span=> ::core::option::Option::None),
    };
    let (function, closure) = typed_closure("typed_reply", closure, &parameter);
    let function = syn::Ident::new(&function, span);
    quote_spanned!(span=> #private::#function(#place, #pattern, #closure))
}

/// The rule up to its answer.
fn on(
    paths: &Paths,
    private: &TokenStream,
    trigger: Option<&Trigger>,
    place: &TokenStream,
) -> TokenStream {
    let (topic, pattern) = match trigger {
        Some(Trigger::Typed(typed)) => {
            let message = typed.type_path();
            let span = message.span();
            let spanned = paths.private(span);
            let topic = quote_spanned!(span=> <#message as #spanned::Message>::TOPIC);
            let pattern = erased(paths, span, pattern::typed_message(paths, typed));
            (topic, pattern)
        }
        Some(Trigger::Topic { topic, pattern: Some(pattern) }) => {
            let span = pattern.span();
            (
                topic.tokens.clone(),
                erased(paths, span, pattern::dynamic(paths, pattern)),
            )
        }
        Some(Trigger::Topic { topic, pattern: None }) => {
            (topic.tokens.clone(), quote!(::core::option::Option::None))
        }
        Some(Trigger::Broken) | None => (quote!(""), quote!(::core::option::Option::None)),
    };
    let span = topic.span();
    quote_spanned!(span=> #private::ReplyRule::on(#place, #topic, #pattern))
}

fn erased(paths: &Paths, span: Span, pattern: TokenStream) -> TokenStream {
    let private = paths.private(span);
    quote_spanned!(span=> ::core::option::Option::Some(#private::erase(#pattern)))
}

/// What the user wrote, else the type of the trigger, else any JSON value.
fn parameter_type(paths: &Paths, trigger: Option<&Trigger>, closure: &ReplyClosure) -> TokenStream {
    if let Some(written) = &closure.parameter_type {
        return written.to_token_stream();
    }
    match trigger {
        Some(Trigger::Typed(typed)) => typed.type_path().to_token_stream(),
        _ => {
            let span = closure.parameter.as_ref().map_or(closure.span, |parameter| parameter.span());
            let private = paths.private(span);
            quote_spanned!(span=> #private::Value)
        }
    }
}

fn builder(
    paths: &Paths,
    function: &str,
    closure: &ReplyClosure,
    parameter: &TokenStream,
) -> TokenStream {
    let span = closure.span;
    let private = paths.private(span);
    let (function, closure) = typed_closure(function, closure, parameter);
    let function = syn::Ident::new(&function, span);
    quote_spanned!(span=> #private::#function(#closure))
}

/// The closure with a typed parameter, and the function that takes such a closure.
fn typed_closure(
    function: &str,
    closure: &ReplyClosure,
    parameter_type: &TokenStream,
) -> (String, TokenStream) {
    let ReplyClosure {
        is_async,
        body_is_async,
        movability,
        parameter,
        output,
        body,
        span,
        ..
    } = closure;
    let parameter = match parameter {
        Some(parameter) => parameter.to_token_stream(),
        None => quote_spanned!(*span=> _),
    };
    let body = &body.tokens;
    let body = match (is_async, is_block(body)) {
        (true, true) => quote_spanned!(*span=> async move #body),
        (true, false) => quote_spanned!(*span=> async move { #body }),
        (false, _) => body.clone(),
    };
    let output = output
        .as_ref()
        .filter(|_| !is_async)
        .map(|output| quote_spanned!(*span=> -> #output));
    let function = if *is_async || *body_is_async {
        format!("{function}_async")
    } else {
        function.to_owned()
    };
    (
        function,
        quote_spanned!(*span=> #movability |#parameter: #parameter_type| #output #body),
    )
}

fn is_block(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    matches!(tokens.next(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
        && tokens.next().is_none()
}

fn check_patterns(reply: &Reply, diagnostics: &mut Diagnostics) {
    match &reply.trigger {
        Some(Trigger::Topic {
            pattern: Some(pattern),
            ..
        }) => check::pattern::check(pattern, diagnostics),
        Some(Trigger::Typed(_)) | Some(Trigger::Topic { .. }) | Some(Trigger::Broken) | None => {}
    }
}
