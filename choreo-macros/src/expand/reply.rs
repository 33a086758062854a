//! `reply!`: a rule is built, then armed.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Ident;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;

use crate::check;
use crate::model::pattern::Pattern;
use crate::model::{
    Answer, AnswerTo, EnvelopePattern, Made, Payload, Reply, ReplyClosure, StateParameter, Trigger,
    UserExpr,
};
use crate::parse;
use crate::paths::Paths;
use crate::recover::Diagnostics;

use super::{pattern, payload, reply_options, typed, with_errors};

/// `[$crate] s, trigger => answer, options`
pub(crate) fn entry(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let parser = |input: ParseStream<'_>| {
        let paths = Paths::from_front(input)?;
        Ok(match parse::reply::parse(input, &mut diagnostics) {
            Some(reply) => step(&paths, reply, &mut diagnostics),
            None => TokenStream::new(),
        })
    };
    match parser.parse2(input) {
        Ok(expansion) => with_errors(expansion, diagnostics),
        Err(error) => error.into_compile_error(),
    }
}

fn step(paths: &Paths, reply: Reply, diagnostics: &mut Diagnostics) -> TokenStream {
    let scenario = &reply.target.ident;
    let span = scenario.span();
    let private = paths.private(span);
    let place = quote_spanned!(span=> ::core::file!(), ::core::line!());
    let is_whole = check::reply(&reply, diagnostics);
    let trigger = TriggerTokens::new(paths, reply.trigger, reply.envelope, span, diagnostics);
    if trigger.is_broken || !is_whole {
        // What the closure takes is not known: the compiler would report it a second time.
        return TokenStream::new();
    }
    let state = reply.options.state.as_ref().map(|state| &state.value);
    let mut rule = match &reply.answer {
        Answer::Message(closure) => message(paths, &trigger, closure, state, &place),
        Answer::Given { to, made } => {
            let on = on(paths, &trigger, &place);
            let builder = builder(paths, &trigger, made, state, span);
            answered(paths, &on, to, &builder, span)
        }
        Answer::Sequence { to, answers } => {
            let on = on(paths, &trigger, &place);
            let mut builders = answers
                .iter()
                .map(|made| builder(paths, &trigger, made, None, span));
            let first = builders.next();
            let rule = answered(paths, &on, to, &first.unwrap_or_default(), span);
            quote_spanned!(span=> #rule #(.then(#builders))*)
        }
    };
    rule = reply_options::calls(paths, &rule, &reply.options, span);
    if let Some(answer_on) = &reply.answer_on {
        let leg = super::leg(paths, answer_on);
        rule = quote_spanned!(answer_on.ident.span()=> #rule.answer_on(#leg.index()));
    }
    match super::leg(paths, &reply.target) {
        None => quote_spanned!(span=> #private::reply(&#scenario, #rule)),
        Some(leg) => quote_spanned!(span=> #private::reply_on(&#scenario, #leg, #rule)),
    }
}

fn answered(
    paths: &Paths,
    on: &TokenStream,
    to: &AnswerTo,
    builder: &TokenStream,
    span: Span,
) -> TokenStream {
    match to {
        AnswerTo::Topic(topic) => {
            let topic = payload::topic(paths, topic);
            quote_spanned!(span=> #on.answer(#topic, #builder))
        }
        AnswerTo::Asker(_) => quote_spanned!(span=> #on.answer_asker(#builder)),
    }
}

/// What is answered, as expressions.
struct TriggerTokens {
    topic: TokenStream,
    /// Further topics, as calls: `.also(…)`.
    also: TokenStream,
    /// An `Option<ErasedPattern>`.
    pattern: TokenStream,
    /// The type that a typed trigger names.
    message: Option<TokenStream>,
    /// A mistake in it is reported already.
    is_broken: bool,
}

impl TriggerTokens {
    fn new(
        paths: &Paths,
        trigger: Option<Trigger>,
        mut envelope: EnvelopePattern,
        scenario: Span,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut around = |diagnostics: &mut Diagnostics| {
            let calls = super::envelope(&mut envelope, paths, diagnostics);
            (!envelope.is_empty()).then_some(calls)
        };
        let none = quote_spanned!(scenario=> ::core::option::Option::None);
        match trigger {
            Some(Trigger::Typed(mut pattern)) => {
                check::message(&mut pattern, diagnostics);
                let message = pattern
                    .root()
                    .map(|root| root.type_path().to_token_stream());
                let topic = typed::topic(&pattern, paths);
                check::capture(&mut pattern, Some(check::Refusal::Reply), diagnostics);
                let also = TokenStream::new();
                let expanded = pattern::expand(&mut pattern, paths, diagnostics);
                let around = around(diagnostics);
                Self {
                    topic,
                    also,
                    pattern: erased(paths, pattern.span(), &expanded, around.as_ref()),
                    message,
                    is_broken: matches!(pattern, Pattern::Broken),
                }
            }
            Some(Trigger::Topic { topics, pattern }) => {
                let mut tokens = topics.iter().map(|topic| payload::topic(paths, topic));
                let topic = tokens.next().unwrap_or_default();
                let also = tokens
                    .map(|topic| quote_spanned!(topic.span()=> .also(#topic)))
                    .collect();
                let expanded = pattern.map(|mut pattern| {
                    check::capture(&mut pattern, Some(check::Refusal::Reply), diagnostics);
                    let expanded = pattern::expand_dynamic(&mut pattern, paths, diagnostics);
                    (pattern.span(), expanded)
                });
                let around = around(diagnostics);
                let (span, expanded) = match (expanded, &around) {
                    (Some(expanded), _) => expanded,
                    (None, Some(_)) => {
                        let span = topic.span();
                        let private = paths.private(span);
                        let anything = quote_spanned!(span=> #private::functions::anything());
                        (span, anything)
                    }
                    (None, None) => {
                        return Self {
                            topic,
                            also,
                            pattern: none,
                            message: None,
                            is_broken: false,
                        };
                    }
                };
                Self {
                    topic,
                    also,
                    pattern: erased(paths, span, &expanded, around.as_ref()),
                    message: None,
                    is_broken: false,
                }
            }
            broken @ (Some(Trigger::Broken) | None) => Self {
                topic: quote!(""),
                also: TokenStream::new(),
                pattern: none,
                message: None,
                is_broken: broken.is_some(),
            },
        }
    }
}

fn erased(
    paths: &Paths,
    span: Span,
    pattern: &TokenStream,
    around: Option<&TokenStream>,
) -> TokenStream {
    let private = paths.private(span);
    quote_spanned!(span=> ::core::option::Option::Some(#private::erase(#pattern) #around))
}

/// From message to message. What is wrong with the trigger's type is reported at the type, and what
/// is wrong with the answer at the closure's body.
fn message(
    paths: &Paths,
    trigger: &TriggerTokens,
    closure: &ReplyClosure,
    state: Option<&UserExpr>,
    place: &TokenStream,
) -> TokenStream {
    let parameter = parameter_type(paths, trigger, closure);
    let pattern = &trigger.pattern;
    let span = parameter.span();
    let private = paths.private(span);
    let trigger = quote_spanned!(span=> #private::typed_trigger::<#parameter>(#place, #pattern));
    let span = closure.body.tokens.span();
    let answer = method("answer", closure, span);
    let state = beginning(closure, state);
    let closure = typed_closure(closure, &parameter);
    quote_spanned!(span=> #trigger.#answer(#state #closure))
}

/// The rule up to its answer.
fn on(paths: &Paths, trigger: &TriggerTokens, place: &TokenStream) -> TokenStream {
    let TriggerTokens {
        topic,
        also,
        pattern,
        ..
    } = trigger;
    let span = topic.span();
    let private = paths.private(span);
    quote_spanned!(span=> #private::ReplyRule::on(#place, #topic, #pattern) #also)
}

/// What makes one payload.
fn builder(
    paths: &Paths,
    trigger: &TriggerTokens,
    made: &Made,
    state: Option<&UserExpr>,
    scenario: Span,
) -> TokenStream {
    let closure = match made {
        Made::Computed(closure) => closure,
        Made::Fixed(written) => return fixed(paths, written, scenario),
    };
    let parameter = parameter_type(paths, trigger, closure);
    let span = parameter.span();
    let private = paths.private(span);
    let decoded = quote_spanned!(span=> #private::decoded::<#parameter>());
    let span = closure.body.tokens.span();
    let compute = method("compute", closure, span);
    let state = beginning(closure, state);
    let closure = typed_closure(closure, &parameter);
    quote_spanned!(span=> #decoded.#compute(#state #closure))
}

/// The same payload each time.
pub(super) fn fixed(paths: &Paths, written: &Payload, span: Span) -> TokenStream {
    let private = paths.private(span);
    let body = payload::body(paths, written);
    quote_spanned!(span=> #private::reply_static(#body))
}

/// The state as the first argument, when the closure takes it; that it does not is reported already.
fn beginning(closure: &ReplyClosure, state: Option<&UserExpr>) -> Option<TokenStream> {
    closure.state.as_ref()?;
    let state = payload::argument(state?);
    Some(quote_spanned!(state.span()=> #state,))
}

/// What the user wrote, else the type of the trigger, else any JSON value.
fn parameter_type(paths: &Paths, trigger: &TriggerTokens, closure: &ReplyClosure) -> TokenStream {
    if let Some(written) = &closure.parameter_type {
        return written.to_token_stream();
    }
    if let Some(message) = &trigger.message {
        return message.clone();
    }
    let span = closure
        .parameter
        .as_ref()
        .map_or(closure.span, |parameter| parameter.span());
    let private = paths.private(span);
    quote_spanned!(span=> #private::Value)
}

fn method(name: &str, closure: &ReplyClosure, span: Span) -> Ident {
    if closure.is_async || closure.body_is_async {
        Ident::new(&format!("{name}_async"), span)
    } else if closure.state.is_some() {
        Ident::new(&format!("{name}_with"), span)
    } else {
        Ident::new(name, span)
    }
}

/// The closure with a typed parameter; an async one answers with an async block.
fn typed_closure(closure: &ReplyClosure, parameter_type: &TokenStream) -> TokenStream {
    let span = closure.span;
    let movability = &closure.movability;
    let parameter = match &closure.parameter {
        Some(parameter) => parameter.to_token_stream(),
        None => quote_spanned!(span=> _),
    };
    let state = closure.state.as_ref().map(|state| {
        let StateParameter { pattern, ty } = state;
        match ty {
            Some(ty) => quote!(, #pattern: #ty),
            None => quote!(, #pattern),
        }
    });
    let unfinished = closure.body.parsed.is_none() && !is_block(&closure.body.tokens);
    let body = if unfinished {
        payload::closed(Delimiter::Brace, &closure.body)
    } else {
        closure.body.tokens.clone()
    };
    if closure.is_async {
        let block = if is_block(&body) {
            body
        } else {
            quote_spanned!(span=> { #body })
        };
        return quote_spanned!(span=>
            #movability |#parameter: #parameter_type| async move #block
        );
    }
    let output = closure
        .output
        .as_ref()
        .map(|output| quote_spanned!(span=> -> #output));
    quote_spanned!(span=> #movability |#parameter: #parameter_type #state| #output #body)
}

fn is_block(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    matches!(tokens.next(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
        && tokens.next().is_none()
}
