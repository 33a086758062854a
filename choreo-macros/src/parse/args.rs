//! The arguments of our attributes: a list of `key = value`, with the mistakes of all elements
//! reported at once.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Ident, LitStr, Path, Token, bracketed, parenthesized, token};

use crate::model::{HostKind, ScenarioArgs, SlowArg};
use crate::parse::duration;
use crate::parse::pattern::at_separator;
use crate::recover::{Diagnostics, skip_to_separator};

const SCENARIO_OPTIONS: [(&str, &str); 7] = [
    ("timeout", "timeout = 500ms"),
    ("name", "name = \"…\""),
    ("tags", "tags(\"a\", \"b\")"),
    ("ignore", "ignore = \"why\""),
    ("slow", "slow = deny"),
    ("should_fail", "should_fail = \"why\""),
    ("crate", "crate = path"),
];

const NAME_THE_HARNESS: &str = "a scenario names its harness first: write \
     `#[choreo::scenario(orders)]`, where `orders` is the function below `#[choreo::harness]`";

/// Parses the arguments of `#[choreo::scenario(…)]`.
pub(crate) fn scenario(tokens: TokenStream, diagnostics: &mut Diagnostics) -> ScenarioArgs {
    let mut args = ScenarioArgs::default();
    let mut seen = Seen::default();
    let mut first = None;
    list(tokens, diagnostics, |input, diagnostics| {
        first.get_or_insert_with(|| input.span());
        scenario_element(input, &mut args, &mut seen, diagnostics)
    });
    if args.harness.is_none() && !seen.harness_tried {
        diagnostics.error(first.unwrap_or_else(Span::call_site), NAME_THE_HARNESS);
    }
    args
}

fn scenario_element(
    input: ParseStream<'_>,
    args: &mut ScenarioArgs,
    seen: &mut Seen,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    if !starts_option(input) {
        return harness(input, args, seen);
    }
    let is_call = input.peek2(token::Paren);
    let key = input.call(Ident::parse_any)?;
    let name = key.unraw().to_string();
    if is_call && args.harness.is_none() && name != "tags" {
        seen.harness_tried = true;
        return Err(syn::Error::new(
            key.span(),
            format!("a harness is named, not called; write `{name}` without the parentheses"),
        ));
    }
    if !SCENARIO_OPTIONS.iter().any(|(known, _)| *known == name) {
        return Err(unknown_option(&key, "a scenario takes", &SCENARIO_OPTIONS));
    }
    seen.once(&key, diagnostics);
    if name == "tags" {
        return tags(input, &key, &mut args.tags, diagnostics);
    }
    equals(input, &key, &SCENARIO_OPTIONS)?;
    match name.as_str() {
        "timeout" => args.timeout = Some(duration::parse(input)?),
        "name" => args.name = Some(display_name(input)?),
        "ignore" => args.ignore = Some(reason(input, "ignore", "it is not run")?),
        "should_fail" => {
            args.should_fail = Some(reason(input, "should_fail", "it is expected to fail")?);
        }
        "slow" => args.slow = Some(slow(input)?),
        _ => args.krate = Some(crate_path(input)?),
    }
    Ok(())
}

fn harness(input: ParseStream<'_>, args: &mut ScenarioArgs, seen: &mut Seen) -> syn::Result<()> {
    if let Ok(literal) = input.fork().parse::<LitStr>() {
        seen.harness_tried = true;
        skip_to_separator(input);
        return Err(syn::Error::new(
            literal.span(),
            format!(
                "the harness is named by its path, without quotes: `#[choreo::scenario({})]`",
                literal.value()
            ),
        ));
    }
    let path = match input.fork().call(Path::parse_mod_style) {
        Ok(_) => input.call(Path::parse_mod_style)?,
        Err(_) => {
            seen.harness_tried = true;
            let written = skip_to_separator(input);
            return Err(syn::Error::new_spanned(
                written,
                "neither a harness nor an option; write the path of the harness, then options \
                 such as `timeout = 500ms`",
            ));
        }
    };
    if let Some(word) = path.get_ident()
        && let Some((_, form)) = SCENARIO_OPTIONS.iter().find(|(known, _)| word == known)
    {
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` needs a value: write `{form}`"),
        ));
    }
    if args.harness.is_some() {
        return Err(syn::Error::new_spanned(
            path,
            "a scenario has one harness, and it has been named already; remove this one",
        ));
    }
    seen.harness_tried = true;
    if !seen.keys.is_empty() {
        let error = syn::Error::new_spanned(
            &path,
            "the harness comes first: `#[choreo::scenario(harness, timeout = 500ms)]`",
        );
        args.harness = Some(path);
        return Err(error);
    }
    args.harness = Some(path);
    Ok(())
}

/// Parses the arguments of `#[choreo::harness]`: nothing, or `crate = path`.
pub(crate) fn host_attribute(
    kind: HostKind,
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Path> {
    const OPTIONS: [(&str, &str); 1] = [("crate", "crate = path")];
    let mut krate = None;
    let mut seen = Seen::default();
    list(tokens, diagnostics, |input, diagnostics| {
        let key = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                format!(
                    "`#[choreo::{}]` takes no argument, except `crate = path` when the dependency is \
                     re-exported",
                    kind.word()
                ),
            )
        })?;
        if key != "crate" {
            let takes = format!("a {} takes only", kind.word());
            return Err(unknown_option(&key, &takes, &OPTIONS));
        }
        seen.once(&key, diagnostics);
        equals(input, &key, &OPTIONS)?;
        krate = Some(crate_path(input)?);
        Ok(())
    });
    krate
}

/// What `#[message(…)]` says.
#[derive(Default)]
pub(crate) struct MessageArgs {
    pub(crate) topic: Option<LitStr>,
    pub(crate) krate: Option<Path>,
    /// A topic was written, right or wrong.
    pub(crate) topic_tried: bool,
    seen: Seen,
}

/// Parses one `#[message(…)]`; a type may have several, which add up.
pub(crate) fn message_attribute(
    tokens: TokenStream,
    args: &mut MessageArgs,
    diagnostics: &mut Diagnostics,
) {
    const OPTIONS: [(&str, &str); 2] = [("topic", "topic = \"…\""), ("crate", "crate = path")];
    list(tokens, diagnostics, |input, diagnostics| {
        if let Ok(literal) = input.fork().parse::<LitStr>() {
            args.topic_tried = true;
            skip_to_separator(input);
            return Err(syn::Error::new(
                literal.span(),
                format!("write `topic = {:?}`", literal.value()),
            ));
        }
        let key = input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "topic" => {
                args.topic_tried = true;
                args.seen.once(&key, diagnostics);
                equals(input, &key, &OPTIONS)?;
                args.topic = Some(string(
                    input,
                    "a topic is a string literal, such as `topic = \"orders.created\"`",
                )?);
                Ok(())
            }
            "crate" => {
                args.seen.once(&key, diagnostics);
                equals(input, &key, &OPTIONS)?;
                args.krate = Some(crate_path(input)?);
                Ok(())
            }
            _ => {
                skip_to_separator(input);
                Err(unknown_option(&key, "a message takes", &OPTIONS))
            }
        }
    });
}

/// Which keys have been there, and whether a harness was attempted.
#[derive(Default)]
struct Seen {
    keys: Vec<String>,
    harness_tried: bool,
}

impl Seen {
    fn once(&mut self, key: &Ident, diagnostics: &mut Diagnostics) {
        let name = key.unraw().to_string();
        if self.keys.contains(&name) {
            diagnostics.error(
                key.span(),
                format!("`{name}` is given twice; remove one of the two"),
            );
        } else {
            self.keys.push(name);
        }
    }
}

/// Runs `element` for each element between commas. After an error the rest of that element goes.
fn list(
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
    mut element: impl FnMut(ParseStream<'_>, &mut Diagnostics) -> syn::Result<()>,
) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match element(input, diagnostics) {
                Ok(()) if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) => {}
                Ok(()) => {
                    diagnostics.error(input.span(), "a `,` is missing before this");
                    skip_to_separator(input);
                }
                Err(error) => {
                    diagnostics.absorb(error);
                    skip_to_separator(input);
                }
            }
            if input.peek(Token![;]) {
                diagnostics.error(input.span(), "write `,` between the arguments");
                input.parse::<Token![;]>()?;
            } else if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        diagnostics.absorb(error);
    }
}

/// `key =` or `key(`; a path that is not followed by either is the harness.
fn starts_option(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && (input.peek2(Token![=]) || input.peek2(token::Paren))
}

fn unknown_option(key: &Ident, who_takes: &str, options: &[(&str, &str)]) -> syn::Error {
    let forms: Vec<String> = options
        .iter()
        .map(|(_, form)| format!("`{form}`"))
        .collect();
    syn::Error::new(
        key.span(),
        format!("unknown option `{key}`; {who_takes} {}", forms.join(", ")),
    )
}

fn equals(input: ParseStream<'_>, key: &Ident, options: &[(&str, &str)]) -> syn::Result<()> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if !at_separator(input) {
            return Ok(());
        }
    }
    let form = options
        .iter()
        .find(|(known, _)| key == known)
        .map_or("", |(_, form)| form);
    Err(syn::Error::new(
        key.span(),
        format!("`{key}` needs a value: write `{form}`"),
    ))
}

fn string(input: ParseStream<'_>, otherwise: &str) -> syn::Result<LitStr> {
    let span = input.span();
    input.parse().map_err(|_| syn::Error::new(span, otherwise))
}

fn display_name(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let literal = string(
        input,
        "a name is a string literal, such as `name = \"an order is processed\"`",
    )?;
    let name = literal.value();
    let problem = if name.trim().is_empty() {
        "a name is never empty; write one, or leave `name` out and the function's name is taken"
    } else if name.trim() != name || name.contains(char::is_control) {
        "a name has no white space at its ends and is one line, so that `--exact` can find it"
    } else {
        return Ok(literal);
    };
    Err(syn::Error::new(literal.span(), problem))
}

fn reason(input: ParseStream<'_>, key: &str, what: &str) -> syn::Result<LitStr> {
    let literal = string(
        input,
        &format!("`{key}` says in a string why {what}: write `{key} = \"why\"`"),
    )?;
    if literal.value().trim().is_empty() {
        return Err(syn::Error::new(
            literal.span(),
            format!("`{key}` needs a reason: say why {what}"),
        ));
    }
    Ok(literal)
}

fn slow(input: ParseStream<'_>) -> syn::Result<SlowArg> {
    let written = skip_to_separator(input);
    match written.to_string().as_str() {
        "deny" => Ok(SlowArg::Deny),
        "warn" => Ok(SlowArg::Warn),
        _ => Err(syn::Error::new_spanned(
            written,
            "`slow` is `deny` (a message over its latency budget fails the scenario) or `warn` \
             (it is reported, and the scenario passes)",
        )),
    }
}

fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    let span = input.span();
    input.call(Path::parse_mod_style).map_err(|_| {
        syn::Error::new(
            span,
            "`crate` is the path under which the choreo crate is known here, without quotes: \
             write `crate = my_prelude::choreo`",
        )
    })
}

fn tags(
    input: ParseStream<'_>,
    key: &Ident,
    tags: &mut Vec<LitStr>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    const FORM: &str = "tags are a list of strings: write `tags(\"a\", \"b\")`";
    let content;
    if input.peek(token::Paren) {
        parenthesized!(content in input);
    } else {
        input.parse::<Token![=]>()?;
        if !input.peek(token::Bracket) {
            let written = skip_to_separator(input);
            let at = if written.is_empty() {
                syn::Error::new(key.span(), FORM)
            } else {
                syn::Error::new_spanned(written, FORM)
            };
            return Err(at);
        }
        bracketed!(content in input);
    }
    if content.is_empty() {
        diagnostics.error(
            key.span(),
            "an empty list of tags says nothing; write `tags(\"a\", \"b\")` or leave it out",
        );
    }
    let tokens: TokenStream = content.parse()?;
    list(tokens, diagnostics, |input, diagnostics| {
        let tag = string(input, FORM)?;
        let text = tag.value();
        if text.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter == ',')
        {
            diagnostics.error(
                tag.span(),
                "a tag is one word, without white space and commas",
            );
        } else if tags.iter().any(|other| other.value() == text) {
            diagnostics.error(
                tag.span(),
                format!("the tag {text:?} is given twice; remove one of the two"),
            );
        } else {
            tags.push(tag);
        }
        Ok(())
    });
    Ok(())
}
