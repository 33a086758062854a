//! `reply!`: what is answered, `=>`, what the answer is.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Ident, LitInt, Token, token};

use crate::check;
use crate::model::pattern::Pattern;
use crate::model::{Answer, AnswerTo, EnvelopePattern, Reply, Trigger, UserExpr};
use crate::parse::pattern::PatternParser;
use crate::parse::{closure, options, payload, target, topic};
use crate::recover::{Diagnostics, skip_to_end, skip_to_separator};

const FORMS: &str = "write `reply!(s, |order: OrderCreated| OrderProcessed { … })` for types that \
     derive `Message`, or `reply!(s, \"topic\" => \"topic of the answer\", { key: value })`";

const NAME_THE_ANSWER: &str = "the topic of the answer is missing; write it after `=>`: `=> \
     \"orders.processed\", { key: value }`";

/// Parses what follows `[$crate]`; nothing when there is nothing to expand.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<Reply> {
    let reply = reply(input, diagnostics);
    skip_to_end(input);
    diagnostics.take(reply).flatten()
}

fn reply(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Option<Reply>> {
    let target = target::parse(input, "reply!")?;
    if input.parse::<Option<Token![,]>>()?.is_none() || input.is_empty() {
        return Err(syn::Error::new(
            target.ident.span(),
            format!("what is answered, and with what? {FORMS}"),
        ));
    }
    if closure::begins(input) {
        let closure = closure::parse(input, diagnostics)?;
        let times = times(input, diagnostics)?;
        if closure.parameter_type.is_none() {
            let Some(parameter) = &closure.parameter else {
                return Ok(None);
            };
            return Err(syn::Error::new_spanned(
                parameter,
                "the parameter's type says which message is answered; write it: `|order: \
                 OrderCreated| …`",
            ));
        }
        return Ok(Some(Reply {
            target,
            trigger: None,
            envelope: EnvelopePattern::default(),
            answer: Answer::Message(closure),
            times,
        }));
    }
    let head = head(input);
    if !input.peek(Token![=>]) {
        return Err(syn::Error::new(
            head.span(),
            format!("the `=>` between what is answered and the answer is missing; {FORMS}"),
        ));
    }
    let (trigger, envelope) = trigger(head, input, diagnostics)?;
    let arrow: Token![=>] = input.parse()?;
    if input.is_empty() {
        return Err(syn::Error::new_spanned(arrow, NAME_THE_ANSWER));
    }
    let answer = answer(input, &trigger, diagnostics)?;
    let times = times(input, diagnostics)?;
    Ok(Some(Reply {
        target,
        trigger: Some(trigger),
        envelope,
        answer,
        times,
    }))
}

/// The tokens before the `=>` of the reply. A pattern may itself begin with one, for a matcher.
fn head(input: ParseStream<'_>) -> TokenStream {
    let mut head = TokenStream::new();
    let mut after_comma = false;
    while !input.is_empty() && (after_comma || !input.peek(Token![=>])) {
        if after_comma && input.peek(Token![=>]) {
            // Both halves of the arrow, as one step.
            if let Ok(arrow) = input.parse::<Token![=>]>() {
                arrow.to_tokens(&mut head);
            }
            after_comma = false;
            continue;
        }
        after_comma = input.peek(Token![,]);
        match input.parse::<TokenTree>() {
            Ok(token) => head.extend([token]),
            Err(_) => break,
        }
    }
    head
}

fn trigger(
    head: TokenStream,
    after: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<(Trigger, EnvelopePattern)> {
    if head.is_empty() {
        return Err(after.error(format!("what is answered? {FORMS}")));
    }
    let parser = |input: ParseStream<'_>| {
        if topic::begins_typed(input) {
            let pattern = PatternParser::new(diagnostics).element(input);
            let envelope = envelope(input, diagnostics);
            let trigger = match pattern {
                Pattern::Broken => Trigger::Broken,
                pattern => Trigger::Typed(pattern),
            };
            return Ok((trigger, envelope));
        }
        if input.peek(Token![,])
            || input.peek(Token![_])
            || input.peek(token::Brace)
            || input.peek(token::Bracket)
        {
            return Err(input.error(
                "the topic that is answered is missing before this; write `\"orders.created\", { … } => …`",
            ));
        }
        let topic = payload::expression(input);
        check::topic::expression(topic.parsed.as_deref(), diagnostics);
        let fork = input.fork();
        let comma = fork.parse::<Option<Token![,]>>()?;
        let pattern =
            (comma.is_some() && !fork.is_empty() && !options::begins_option(&fork)).then(|| {
                let _comma = input.parse::<Token![,]>();
                PatternParser::new(diagnostics).element(input)
            });
        let envelope = envelope(input, diagnostics);
        Ok((Trigger::Topic { topic, pattern }, envelope))
    };
    parser.parse2(head)
}

/// `, headers { … }` and its like, after what is answered.
fn envelope(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> EnvelopePattern {
    let fork = input.fork();
    if fork.parse::<Token![,]>().is_ok() && options::begins_option(&fork) {
        let _comma = input.parse::<Token![,]>();
        return options::envelope(input, diagnostics);
    }
    leftover(input, diagnostics);
    EnvelopePattern::default()
}

fn leftover(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    let _trailing = input.parse::<Option<Token![,]>>();
    if !input.is_empty() {
        diagnostics.error(
            input.span(),
            "what is answered ends before this; the answer comes after `=>`",
        );
        skip_to_end(input);
    }
}

fn answer(
    input: ParseStream<'_>,
    trigger: &Trigger,
    diagnostics: &mut Diagnostics,
) -> syn::Result<Answer> {
    if closure::begins(input) {
        let span = input.span();
        let closure = closure::parse(input, diagnostics)?;
        if matches!(trigger, Trigger::Topic { .. }) {
            diagnostics.error(
                span,
                "the topic of the answer is missing; write it before the closure: `=> \
                 \"orders.processed\", |order| …`",
            );
            let topic = UserExpr {
                tokens: quote!(""),
                parsed: None,
            };
            return Ok(Answer::Computed {
                to: AnswerTo::Topic(topic),
                closure,
            });
        }
        return Ok(Answer::Message(closure));
    }
    if input.is_empty()
        || input.peek(Token![,])
        || input.peek(token::Brace)
        || input.peek(token::Bracket)
    {
        return Err(input.error(NAME_THE_ANSWER));
    }
    let to = answer_to(input, diagnostics);
    let comma = input.parse::<Option<Token![,]>>()?;
    if comma.is_none() || input.is_empty() || begins_times(input) {
        let written = match &to {
            AnswerTo::Topic(topic) => topic.tokens.clone(),
            AnswerTo::Asker(span) => quote_spanned!(*span=> _),
        };
        return Err(syn::Error::new_spanned(
            &written,
            match (trigger, &to) {
                (Trigger::Topic { .. }, _) | (_, AnswerTo::Asker(_)) => format!(
                    "what is the answer? write it after the topic: `=> {written}, {{ key: value }}`, \
                     or a closure: `=> {written}, |order| json!({{ … }})`",
                ),
                _ => "the answer to a typed message is a closure: write `=> |message| Answer { … \
                      }`, or `|_| …` when it does not depend on the message"
                    .to_owned(),
            },
        ));
    }
    if closure::begins(input) {
        let closure = closure::parse(input, diagnostics)?;
        return Ok(Answer::Computed { to, closure });
    }
    Ok(Answer::Fixed {
        to,
        payload: payload::payload(input, diagnostics),
    })
}

/// `_`, or a topic.
fn answer_to(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> AnswerTo {
    if let Ok(underscore) = input.parse::<Token![_]>() {
        return AnswerTo::Asker(underscore.span);
    }
    let topic = payload::expression(input);
    check::topic::expression(topic.parsed.as_deref(), diagnostics);
    AnswerTo::Topic(topic)
}

/// `, times n` and nothing after it.
fn times(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Option<UserExpr>> {
    let mut times = None;
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>()?.is_none() {
            diagnostics.error(
                input.span(),
                "the answer ends before this; write `,` and an option such as `times 3`",
            );
            skip_to_end(input);
            break;
        }
        if input.is_empty() {
            break;
        }
        let span = input.span();
        let word = input
            .call(Ident::parse_any)
            .map_err(|_| syn::Error::new(span, "after the answer comes an option: `times 3`"))?;
        if word != "times" {
            diagnostics.error(
                word.span(),
                format!("unknown option `{word}`; after the answer comes `times 3`"),
            );
            skip_to_separator(input);
            continue;
        }
        if times.is_some() {
            diagnostics.error(word.span(), "`times` is given twice; remove one of the two");
        }
        let count = payload::expression(input);
        if count.tokens.is_empty() {
            diagnostics.error(word.span(), "`times` needs a number: write `times 3`");
            continue;
        }
        if let Ok(literal) = syn::parse2::<LitInt>(count.tokens.clone())
            && literal
                .base10_parse::<u32>()
                .map_or(true, |count| count == 0)
        {
            diagnostics.error(
                literal.span(),
                "a reply is sent at least once; write a number from 1, or remove the reply",
            );
            continue;
        }
        times = Some(count);
    }
    Ok(times)
}

fn begins_times(input: ParseStream<'_>) -> bool {
    input
        .fork()
        .parse::<Ident>()
        .is_ok_and(|word| word == "times")
}
