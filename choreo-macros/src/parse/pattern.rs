//! The pattern language: operators, keywords and values. Objects and lists are in [`super::group`],
//! types in [`super::typed`].

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Token, bracketed, token};

use super::{operand, options, snapshot};
use crate::model::pattern::{CompareOp, Pattern, Quantifier, RangePattern, is_camel_case};
use crate::recover::{Diagnostics, error_here, skip_to_separator};

/// Words that begin a pattern.
const KEYWORDS: [&str; 19] = [
    "_",
    "absent",
    "after",
    "any",
    "approx",
    "at",
    "before",
    "bytes",
    "capture",
    "contains",
    "every",
    "ignore_case",
    "in",
    "len",
    "null",
    "path",
    "prefix",
    "suffix",
    "unordered",
];

/// Those of them that are common names of variables, and say nothing without what follows them.
const VALUES: [&str; 10] = [
    "after",
    "approx",
    "at",
    "before",
    "capture",
    "ignore_case",
    "path",
    "prefix",
    "suffix",
    "unordered",
];

/// Whether a word begins a pattern, whatever follows it.
pub(super) fn is_keyword(word: &Ident) -> bool {
    KEYWORDS.iter().any(|name| word == name)
}

/// Parses patterns and keeps what is wrong with them.
pub(crate) struct PatternParser<'d> {
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl<'d> PatternParser<'d> {
    pub(crate) fn new(diagnostics: &'d mut Diagnostics) -> Self {
        Self { diagnostics }
    }

    /// A pattern that ends at `,`, `;` or the end. What is wrong is reported and skipped.
    pub(crate) fn element(&mut self, input: ParseStream<'_>) -> Pattern {
        match self.alternatives(input) {
            Ok(pattern) => {
                if !at_separator(input) {
                    self.report_leftover(input);
                }
                pattern
            }
            Err(error) => {
                self.diagnostics.absorb(error);
                skip_to_separator(input);
                Pattern::Broken
            }
        }
    }

    fn report_leftover(&mut self, input: ParseStream<'_>) {
        let word = input.fork().parse::<Ident>().ok();
        let message = match (&word, word.as_ref().and_then(joint)) {
            (_, Some(joint)) => joint.to_owned(),
            (Some(word), _) if options::is_option(word) => {
                format!("write a comma before `{word}`")
            }
            _ if input.peek(Token![..]) => {
                "`..` does not go on here: a range is `low..high` of two values, and the rest of a \
                 list or object is `..` after a comma"
                    .to_owned()
            }
            _ => "the pattern ends before this; write `,` before the next entry, or join two \
                  patterns with `&` or `|`"
                .to_owned(),
        };
        let span = input.span();
        skip_to_separator(input);
        self.diagnostics.error(span, message);
    }

    /// `p | q`
    fn alternatives(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let mut patterns = vec![self.conjunction(input)?];
        while input.peek(Token![|]) {
            if input.peek(Token![||]) {
                return Err(error_here(
                    input,
                    "one of two patterns is written with a single `|`",
                ));
            }
            input.parse::<Token![|]>()?;
            patterns.push(self.conjunction(input)?);
        }
        Ok(one_or(patterns, Pattern::AnyOf))
    }

    /// `p & q`, which binds closer than `|`.
    fn conjunction(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let mut patterns = vec![self.unary(input)?];
        while input.peek(Token![&]) {
            if input.peek(Token![&&]) {
                return Err(error_here(
                    input,
                    "both of two patterns are asked for with a single `&`",
                ));
            }
            input.parse::<Token![&]>()?;
            patterns.push(self.unary(input)?);
        }
        Ok(one_or(patterns, Pattern::AllOf))
    }

    pub(super) fn unary(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        if input.is_empty() || at_separator(input) {
            return Err(error_here(
                input,
                "a pattern is missing here; write `_` for any value",
            ));
        }
        if let Some(comparison) = self.comparison(input)? {
            return Ok(comparison);
        }
        if input.peek(Token![!]) {
            let bang = input.parse::<Token![!]>()?.span;
            return Ok(Pattern::Not {
                bang,
                pattern: Box::new(self.unary(input)?),
            });
        }
        if input.peek(Token![_]) {
            return Ok(Pattern::Present(input.parse::<Token![_]>()?.span));
        }
        if input.peek(token::Brace) {
            return self.object(input);
        }
        if input.peek(token::Bracket) {
            return self.list(input);
        }
        if input.peek(token::Paren) && begins_pattern_in_parentheses(input) {
            return self.grouped(input);
        }
        if let Some(pattern) = self.keyword(input)? {
            return Ok(pattern);
        }
        if (input.peek(Ident::peek_any) && !input.peek(Lit)) || input.peek(Token![::]) {
            return self.path(input);
        }
        self.value_or_range(input)
    }

    /// Everything that begins with a sign of comparison.
    fn comparison(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Pattern>> {
        let op_span = input.span();
        let op = if input.peek(Token![==]) {
            let equals = input.parse::<Token![==]>()?;
            let operand = operand::parse(input, "here; a value alone means equal, without `==`")?;
            self.diagnostics
                .error_spanned(equals, "a value alone means equal; remove the `==`");
            return Ok(Some(Pattern::Equal(operand)));
        } else if input.peek(Token![=>]) {
            let arrow = input.parse::<Token![=>]>()?.spans[0];
            let operand = operand::parse(input, "after `=>`: a value that implements `Matcher`")?;
            return Ok(Some(Pattern::Matcher { arrow, operand }));
        } else if input.peek(Token![=]) {
            return self.regex(input).map(Some);
        } else if input.parse::<Token![>=]>().is_ok() {
            CompareOp::GreaterOrEqual
        } else if input.parse::<Token![<=]>().is_ok() {
            CompareOp::LessOrEqual
        } else if input.parse::<Token![!=]>().is_ok() {
            CompareOp::NotEqual
        } else if input.parse::<Token![>]>().is_ok() {
            CompareOp::Greater
        } else if input.parse::<Token![<]>().is_ok() {
            CompareOp::Less
        } else {
            return Ok(None);
        };
        let operand = operand::parse(input, &format!("after `{0}`, such as `{0} 0`", op.symbol()))?;
        Ok(Some(Pattern::Compare {
            op,
            op_span,
            operand,
        }))
    }

    fn regex(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let equals = input.parse::<Token![=]>()?;
        if !input.peek(Token![~]) {
            return Err(syn::Error::new(
                equals.span,
                "a value alone means equal, without `=`; a regex is written `=~ r\"…\"`",
            ));
        }
        input.parse::<Token![~]>()?;
        if input.peek(LitStr) {
            return Ok(Pattern::Regex(input.parse()?));
        }
        let span = input.span();
        skip_to_separator(input);
        Err(syn::Error::new(
            span,
            "a regex is a string literal, so that it is checked when the test is compiled: write \
             `=~ r\"^ITEM-\\d+$\"`; for one made at run time write `=> matchers::matches(regex)`",
        ))
    }

    /// Patterns that begin with a word of the language.
    fn keyword(&mut self, input: ParseStream<'_>) -> syn::Result<Option<Pattern>> {
        if input.peek(Token![in]) {
            return self.one_of(input).map(Some);
        }
        let Ok(word) = input.fork().parse::<Ident>() else {
            return Ok(None);
        };
        let keyword = word.span();
        let name = word.to_string();
        if !is_keyword(&word) {
            return Ok(None);
        }
        input.parse::<Ident>()?;
        if let Some(pattern) = self.worded(&name, keyword, input)? {
            return Ok(Some(pattern));
        }
        let quantifier = match name.as_str() {
            "absent" => return Ok(Some(Pattern::Absent(keyword))),
            "null" => return Ok(Some(Pattern::Null(keyword))),
            "bytes" => {
                if at_separator(input) {
                    return Err(syn::Error::new(
                        keyword,
                        "a value is missing after `bytes`: write `bytes b\"…\"`",
                    ));
                }
                let operand = operand::parse(input, "after `bytes`, such as `bytes b\"…\"`")?;
                return Ok(Some(Pattern::Bytes { keyword, operand }));
            }
            "every" => Quantifier::Every,
            "any" => Quantifier::Any,
            _ => Quantifier::Len,
        };
        if at_separator(input) {
            return Err(syn::Error::new(
                keyword,
                format!("`{name}` is followed by a pattern; write `{name} > 0`, for example"),
            ));
        }
        let pattern = Box::new(self.unary(input)?);
        Ok(Some(Pattern::Quantified {
            quantifier,
            keyword,
            pattern,
        }))
    }

    fn one_of(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let keyword = input.parse::<Token![in]>()?.span;
        if !input.peek(token::Bracket) {
            let span = input.span();
            let written = skip_to_separator(input).to_string();
            let remedy = if written.contains("..") {
                "a range is a pattern of its own: remove the `in`"
            } else {
                "after `in` goes a list of values: write `in [\"A\", \"B\"]`"
            };
            return Err(syn::Error::new(span, remedy));
        }
        let content;
        let bracket = bracketed!(content in input).span.join();
        let mut patterns = Vec::new();
        while !content.is_empty() {
            if content.peek(Token![..]) && !operand_follows_dots(&content) {
                self.diagnostics
                    .error(content.span(), "`in` lists every value; remove the `..`");
                skip_to_separator(&content);
            } else {
                patterns.push(self.element(&content));
            }
            self.separator(&content, "in a list of values");
        }
        Ok(Pattern::OneOf {
            keyword,
            bracket,
            patterns,
        })
    }

    /// `(> 5 | absent)`: parentheses around a pattern rather than around an expression.
    fn grouped(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let content;
        syn::parenthesized!(content in input);
        let pattern = self.element(&content);
        if !content.is_empty() {
            self.diagnostics.error(
                content.span(),
                "one pattern goes into parentheses; remove this, or join two with `&` or `|`",
            );
            crate::recover::skip_to_end(&content);
        }
        Ok(pattern)
    }

    /// A path: a type to take apart, the bound of a range, or a name that wants parentheses.
    fn path(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        if snapshot::is_word(input) {
            let span = input.span();
            skip_to_separator(input);
            return Err(syn::Error::new(
                span,
                "a snapshot is compared with the whole message: it is the pattern of an `expect!` on a topic, \
                 `expect!(s, \"orders.processed\", snapshot)`",
            ));
        }
        let fork = input.fork();
        if let Ok(path) = fork.parse::<syn::Path>()
            && !fork.peek(Token![!])
            && !fork.peek(Token![.])
            && (names_type(&path) || fork.peek(token::Brace))
        {
            return self.typed(input).map(Pattern::Typed);
        }
        let start = input.fork();
        let word = start.call(Ident::parse_any).ok();
        if let Some(word) = &word
            && let Some(message) = misnomer(word)
        {
            let message = message.to_owned();
            let span = word.span();
            skip_to_separator(input);
            return Err(syn::Error::new(span, message));
        }
        self.value_or_range(input)
    }

    /// `5`, `-5`, `"a"`, `(expr)`, and ranges of them.
    fn value_or_range(&mut self, input: ParseStream<'_>) -> syn::Result<Pattern> {
        let low = if input.peek(Token![..]) {
            None
        } else {
            Some(operand::parse(input, "here")?)
        };
        if !input.peek(Token![..]) {
            let Some(operand) = low else {
                return Err(error_here(
                    input,
                    "a pattern is missing here; write `_` for any value",
                ));
            };
            if !operand.is_plain() {
                let text = crate::text::of_tokens(operand.to_token_stream());
                self.diagnostics.error_spanned(
                    &operand,
                    format!("an expression goes into parentheses: write `({text})` to compare with its value"),
                );
            }
            return Ok(Pattern::Equal(operand));
        }
        let span = input.span();
        let inclusive = input.peek(Token![..=]);
        if input.peek(Token![...]) {
            return Err(error_here(
                input,
                "a range is written `low..high` or, with its end, `low..=high`",
            ));
        } else if inclusive {
            input.parse::<Token![..=]>()?;
        } else {
            input.parse::<Token![..]>()?;
        }
        let open = at_separator(input) || input.peek(Token![&]) || input.peek(Token![|]);
        let high = if open {
            None
        } else {
            let sign = if inclusive { "..=" } else { ".." };
            let place = format!("after `{sign}`, such as `0{sign}9`");
            Some(operand::parse(input, &place)?)
        };
        if high.is_none() && (inclusive || low.is_none()) {
            let message = if inclusive {
                "`..=` is followed by the end of the range; write `..` for a range without end"
            } else {
                "`..` stands for the rest of a list or object, inside its brackets; write `_` for any value"
            };
            return Err(syn::Error::new(span, message));
        }
        Ok(Pattern::Range(RangePattern {
            low,
            high,
            inclusive,
            span,
        }))
    }

    /// Takes the comma between two entries.
    pub(super) fn separator(&mut self, input: ParseStream<'_>, place: &str) {
        if input.peek(Token![;]) {
            self.diagnostics.error(
                input.span(),
                format!("entries are separated by `,` {place}"),
            );
            // The entry after it is parsed as if the comma were there.
            let _semicolon = input.parse::<Token![;]>();
        } else if input.peek(Token![,]) {
            let _comma = input.parse::<Token![,]>();
        }
    }
}

pub(super) fn at_separator(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}

/// Whether `..` begins a range such as `..5`, and is not the rest of a list.
pub(super) fn operand_follows_dots(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    if fork.peek(Token![..=]) {
        return true;
    }
    fork.parse::<Token![..]>().is_ok() && !at_separator(&fork)
}

/// `(> 5 …)`, `(absent | …)`, `("a" | "b")`: a pattern in parentheses, and no expression.
fn begins_pattern_in_parentheses(input: ParseStream<'_>) -> bool {
    let parse = |input: ParseStream<'_>| -> syn::Result<bool> {
        let content;
        syn::parenthesized!(content in input);
        let is_pattern = begins_pattern(&content);
        crate::recover::skip_to_end(&content);
        Ok(is_pattern)
    };
    parse(&input.fork()).unwrap_or(false)
}

/// Whether what follows is a pattern and cannot be meant as an expression.
fn begins_pattern(input: ParseStream<'_>) -> bool {
    if input.peek(Token![<]) {
        // `<Type as Trait>::CONSTANT` is an expression.
        return input.fork().parse::<syn::ExprPath>().is_err();
    }
    if input.peek(Token![>])
        || input.peek(Token![=])
        || input.peek(Token![!=])
        || input.peek(Token![in])
    {
        return true;
    }
    if input.peek(Token![_]) || input.peek(token::Brace) {
        return true;
    }
    let joins = |input: ParseStream<'_>| {
        (input.peek(Token![|]) && !input.peek(Token![||]))
            || (input.peek(Token![&]) && !input.peek(Token![&&]))
    };
    let fork = input.fork();
    if fork.parse::<Lit>().is_ok() {
        return joins(&fork);
    }
    let fork = input.fork();
    let Ok(word) = fork.parse::<Ident>() else {
        return false;
    };
    if is_keyword(&word) {
        if VALUES.iter().any(|name| word == name) {
            // Also the name of many a variable: `(at)`, `(path.len())`.
            return fork.peek(Lit) || fork.peek(Ident) || fork.peek(token::Bracket);
        }
        return !fork.peek(Token![.]) && !fork.peek(Token![::]) && !fork.peek(token::Paren);
    }
    let fork = input.fork();
    fork.parse::<syn::Path>()
        .is_ok_and(|path| names_type(&path))
        && {
            if fork.peek(token::Brace) || fork.peek(token::Paren) {
                let _group = fork.parse::<TokenTree>();
            }
            joins(&fork)
        }
}

/// Whether a path ends in the name of a type or of a variant.
fn names_type(path: &syn::Path) -> bool {
    let mut segments = path.segments.iter().rev();
    let Some(last) = segments.next() else {
        return false;
    };
    is_camel_case(&last.ident)
        || last.ident.to_string().starts_with(char::is_uppercase)
            && segments
                .next()
                .is_some_and(|parent| is_camel_case(&parent.ident))
}

/// Words of other languages, and what stands for them here.
fn misnomer(word: &Ident) -> Option<&'static str> {
    Some(match word.to_string().as_str() {
        "not" => "the opposite of a pattern is written with `!`: `!p`",
        "nil" | "undefined" | "missing" => {
            "no such pattern; write `absent` for a missing field, `null` for JSON null"
        }
        "present" | "exists" => "no such pattern; write `_` for any value",
        _ => return joint(word),
    })
}

/// Words of other languages that join two patterns.
pub(super) fn joint(word: &Ident) -> Option<&'static str> {
    if word == "or" {
        Some("one of two patterns is written `p | q`")
    } else if word == "and" {
        Some("both of two patterns are written `p & q`")
    } else {
        None
    }
}

fn one_or(mut patterns: Vec<Pattern>, join: fn(Vec<Pattern>) -> Pattern) -> Pattern {
    match patterns.pop() {
        Some(only) if patterns.is_empty() => only,
        Some(last) => {
            patterns.push(last);
            join(patterns)
        }
        None => Pattern::Broken,
    }
}
