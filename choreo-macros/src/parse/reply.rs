//! `reply!`: what is answered, `=>`, what the answer is.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Ident, Token, token};

use crate::check;
use crate::model::pattern::Pattern;
use crate::model::{Answer, AnswerTo, EnvelopePattern, Made, Reply, Trigger, UserExpr};
use crate::parse::pattern::PatternParser;
use crate::parse::{closure, options, payload, reply_options, target, topic};
use crate::recover::{Diagnostics, skip_to_end};

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
        let options = reply_options::parse(input, diagnostics);
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
            answer_on: None,
            answer: Answer::Message(Box::new(closure)),
            options,
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
    let answer_on = target::of_answer(input);
    let answer = answer(input, &trigger, diagnostics)?;
    let options = reply_options::parse(input, diagnostics);
    Ok(Some(Reply {
        target,
        trigger: Some(trigger),
        envelope,
        answer_on,
        answer,
        options,
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
        if input.peek(Token![,]) || input.peek(Token![_]) || input.peek(token::Brace) {
            return Err(input.error(
                "the topic that is answered is missing before this; write `\"orders.created\", { … } => …`",
            ));
        }
        let Some(topics) = topics(input, diagnostics)? else {
            skip_to_end(input);
            return Ok((Trigger::Broken, EnvelopePattern::default()));
        };
        let fork = input.fork();
        let comma = fork.parse::<Option<Token![,]>>()?;
        let pattern =
            (comma.is_some() && !fork.is_empty() && !options::begins_option(&fork)).then(|| {
                let _comma = input.parse::<Token![,]>();
                PatternParser::new(diagnostics).element(input)
            });
        let envelope = envelope(input, diagnostics);
        Ok((Trigger::Topic { topics, pattern }, envelope))
    };
    parser.parse2(head)
}

/// A topic, or several in brackets; nothing when the brackets are empty, which is reported.
fn topics(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<Option<Vec<UserExpr>>> {
    if !input.peek(token::Bracket) {
        let topic = payload::expression(input);
        check::topic::expression(topic.parsed.as_deref(), diagnostics);
        return Ok(Some(vec![topic]));
    }
    let group: proc_macro2::Group = input.parse()?;
    let mut topics: Vec<UserExpr> = Vec::new();
    payload::each(group.stream(), diagnostics, |input, diagnostics| {
        let topic = payload::expression(input);
        check::topic::expression(topic.parsed.as_deref(), diagnostics);
        let written = topic.tokens.to_string();
        if topics
            .iter()
            .any(|other| other.tokens.to_string() == written)
        {
            diagnostics.error_spanned(
                &topic.tokens,
                format!("the topic {written} is in this list already; remove one of the two"),
            );
        }
        topics.push(topic);
        Ok(())
    });
    if topics.is_empty() {
        diagnostics.error(
            group.span(),
            "which topics are answered? write them: `[\"orders.new\", \"orders.retry\"]`",
        );
        return Ok(None);
    }
    Ok(Some(topics))
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
            "what is answered ends before this; remove it, or join it to the pattern with `&`: the answer comes after `=>`",
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
            return Ok(Answer::Given {
                to: AnswerTo::Topic(topic),
                made: Made::Computed(Box::new(closure)),
            });
        }
        return Ok(Answer::Message(Box::new(closure)));
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
    if comma.is_none() || input.is_empty() || reply_options::begins(input) {
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
    if begins_sequence(input) {
        let answers = sequence(input, diagnostics)?;
        return Ok(Answer::Sequence { to, answers });
    }
    Ok(Answer::Given {
        to,
        made: made(input, diagnostics)?,
    })
}

fn made(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Made> {
    if closure::begins(input) {
        let closure = closure::parse(input, diagnostics)?;
        return Ok(Made::Computed(Box::new(closure)));
    }
    Ok(Made::Fixed(payload::payload(input, diagnostics)))
}

/// `sequence [ … ]`; `sequence[0]` is a payload as well, so a space decides nothing: the word does.
fn begins_sequence(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.parse::<Ident>().is_ok_and(|word| word == "sequence") && fork.peek(token::Bracket)
}

/// `sequence [ first, second, … ]`, of payloads and closures.
fn sequence(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Vec<Made>> {
    let word: Ident = input.parse()?;
    let group: proc_macro2::Group = input.parse()?;
    let mut answers = Vec::new();
    payload::each(group.stream(), diagnostics, |input, diagnostics| {
        if input.peek(Token![,]) {
            return Err(input.error(
                "an answer is missing before this comma; write it, such as `{ state: \"NEW\" }`, or \
                 remove the comma",
            ));
        }
        answers.push(made(input, diagnostics)?);
        Ok(())
    });
    if answers.is_empty() {
        return Err(syn::Error::new(
            word.span(),
            "a sequence has an answer for each trigger; write `sequence [{ state: \"NEW\" }, { \
             state: \"DONE\" }]`",
        ));
    }
    Ok(answers)
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
