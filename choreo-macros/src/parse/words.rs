//! Forms of the pattern language that begin with a word and have a shape of their own.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token, Type, token};

use super::pattern::{PatternParser, at_separator};
use super::{duration, operand};
use crate::model::pattern::{AddressKind, MomentOp, Near, Pattern, TextForm, TextPart};
use crate::recover::{error_here, skip_to_separator};

impl PatternParser<'_> {
    /// What follows one of these words; nothing for another word.
    pub(super) fn worded(
        &mut self,
        name: &str,
        keyword: Span,
        input: ParseStream<'_>,
    ) -> syn::Result<Option<Pattern>> {
        let pattern = match name {
            "contains" => text(TextPart::Inside, keyword, input)?,
            "prefix" => text(TextPart::Prefix, keyword, input)?,
            "suffix" => text(TextPart::Suffix, keyword, input)?,
            "ignore_case" => ignore_case(keyword, input)?,
            "approx" => approx(keyword, input)?,
            "before" => moment(MomentOp::Before, keyword, input)?,
            "after" => moment(MomentOp::After, keyword, input)?,
            "unordered" => self.unordered(keyword, input)?,
            "at" => self.addressed(AddressKind::Pointer, keyword, input)?,
            "path" => self.addressed(AddressKind::JsonPath, keyword, input)?,
            "capture" => capture(keyword, input)?,
            _ => return Ok(None),
        };
        Ok(Some(pattern))
    }

    fn unordered(&mut self, keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
        if !input.peek(token::Bracket) {
            skip_to_separator(input);
            return Err(syn::Error::new(
                keyword,
                "after `unordered` goes a list of patterns: write `unordered [p, q]`",
            ));
        }
        match self.list(input)? {
            Pattern::List(list) => Ok(Pattern::Unordered { keyword, list }),
            other => Ok(other),
        }
    }

    /// `at "/a/b" p`, `path "$.a[*]" p`
    fn addressed(
        &mut self,
        kind: AddressKind,
        keyword: Span,
        input: ParseStream<'_>,
    ) -> syn::Result<Pattern> {
        let (name, example) = (kind.name(), kind.example());
        if !input.peek(LitStr) {
            skip_to_separator(input);
            return Err(syn::Error::new(
                keyword,
                format!(
                    "after `{name}` goes a place in quotes and a pattern: write `{name} {example} p`"
                ),
            ));
        }
        let address: LitStr = input.parse()?;
        if at_separator(input) {
            return Err(syn::Error::new(
                address.span(),
                format!(
                    "after the place goes a pattern; write `{name} {} _` for any value",
                    address.token()
                ),
            ));
        }
        let pattern = Box::new(self.unary(input)?);
        Ok(Pattern::Addressed {
            kind,
            keyword,
            address,
            pattern,
        })
    }
}

fn text(part: TextPart, keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
    let form = TextForm {
        part,
        ignore_case: false,
    };
    let operand = operand::parse(
        input,
        &format!("after `{0}`, such as `{0} \"…\"`", form.words()),
    )?;
    Ok(Pattern::Text {
        keyword,
        form,
        operand,
    })
}

fn ignore_case(keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
    let word = input.fork().parse::<Ident>().ok();
    let part = match word.map(|word| word.to_string()).as_deref() {
        Some("contains") => TextPart::Inside,
        Some("prefix") => TextPart::Prefix,
        Some("suffix") => TextPart::Suffix,
        _ => TextPart::Whole,
    };
    if part != TextPart::Whole {
        input.parse::<Ident>()?;
    }
    let form = TextForm {
        part,
        ignore_case: true,
    };
    if input.peek(Token![=]) && input.peek2(Token![~]) {
        skip_to_separator(input);
        return Err(syn::Error::new(
            keyword,
            "a regex ignores case by itself: write `=~ r\"(?i)…\"`",
        ));
    }
    let operand = operand::parse(
        input,
        &format!("after `{0}`, such as `{0} \"…\"`", form.words()),
    )?;
    Ok(Pattern::Text {
        keyword,
        form,
        operand,
    })
}

/// `approx 9.95 +- 0.01`, `approx "2026-01-31T12:30:00Z" +- 5s`, `approx 250ms +- 20ms`
fn approx(keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
    let value =
        operand::tokens_before_tolerance(input, "after `approx`, such as `approx 9.95 +- 0.01`")?;
    if !operand::at_tolerance(input) {
        return Err(syn::Error::new(
            keyword,
            "`approx` says how far away a value may be: write `approx 9.95 +- 0.01`, for a duration \
             `approx 250ms +- 20ms`, or for a time `approx (time) +- 5s`",
        ));
    }
    input.parse::<Token![+]>()?;
    input.parse::<Token![-]>()?;
    let tolerance = operand::tokens(input);
    if tolerance.is_empty() {
        return Err(error_here(
            input,
            "a value is missing after `+-`: how far away it may be, such as `approx 9.95 +- 0.01`",
        ));
    }
    let near = if has_unit(&value) {
        let value = duration::parse.parse2(value)?;
        Near::Duration(value, duration::parse.parse2(tolerance)?)
    } else if has_unit(&tolerance) {
        let by = duration::parse.parse2(tolerance)?;
        Near::Time(operand::from_tokens(value)?, by)
    } else {
        Near::Number(
            operand::from_tokens(value)?,
            operand::from_tokens(tolerance)?,
        )
    };
    Ok(Pattern::Approx { keyword, near })
}

/// Whether this is a literal of a duration, such as `250ms`.
fn has_unit(tokens: &TokenStream) -> bool {
    let literal = syn::parse2::<syn::Lit>(tokens.clone());
    literal.is_ok_and(|literal| !literal.suffix().is_empty() && !is_number_suffix(literal.suffix()))
}

fn is_number_suffix(suffix: &str) -> bool {
    let (kind, width) = suffix.split_at(1);
    matches!(kind, "i" | "u" | "f") && (width == "size" || width.parse::<u8>().is_ok())
}

fn moment(op: MomentOp, keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
    let place = format!(
        "after `{0}`: a time, such as `{0} \"2026-01-31T12:30:00Z\"`",
        op.name()
    );
    let operand = operand::parse(input, &place)?;
    Ok(Pattern::Moment {
        keyword,
        op,
        operand,
    })
}

/// `capture name`, `capture name: Type`
fn capture(keyword: Span, input: ParseStream<'_>) -> syn::Result<Pattern> {
    if input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        return Err(syn::Error::new(
            name.span(),
            format!(
                "the name of a captured value is a word: write `capture {}`",
                name.value()
            ),
        ));
    }
    if !input.peek(Ident) {
        skip_to_separator(input);
        return Err(syn::Error::new(
            keyword,
            "after `capture` goes a name: write `capture order_id` or `capture order_id: String`",
        ));
    }
    let name: Ident = input.parse()?;
    let ty = if input.peek(Token![:]) {
        let colon = input.parse::<Token![:]>()?;
        if at_separator(input) {
            return Err(syn::Error::new(
                colon.span,
                format!("after the colon goes a type: write `capture {name}: String`, or no colon"),
            ));
        }
        Some(Box::new(input.call(Type::without_plus)?))
    } else {
        None
    };
    Ok(Pattern::Capture { keyword, name, ty })
}
