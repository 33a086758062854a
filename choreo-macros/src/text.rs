//! Patterns and tokens as a person would write them, for descriptions and messages.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

use crate::model::DurationArg;
use crate::model::pattern::{Item, Near, Operand, Pattern, TypedBody, TypedPattern};

/// A pattern on one line.
pub(crate) fn of_pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Equal(operand) => of_operand(operand),
        Pattern::Compare { op, operand, .. } => format!("{} {}", op.symbol(), of_operand(operand)),
        Pattern::Range(range) => format!(
            "{}{}{}",
            range.low.as_ref().map(of_operand).unwrap_or_default(),
            if range.inclusive { "..=" } else { ".." },
            range.high.as_ref().map(of_operand).unwrap_or_default(),
        ),
        Pattern::Regex(literal) => format!("=~ {}", literal.token()),
        Pattern::OneOf { patterns, .. } => format!("in [{}]", joined(patterns, ", ")),
        Pattern::Present(_) | Pattern::Broken => "_".to_owned(),
        Pattern::Absent(_) => "absent".to_owned(),
        Pattern::Null(_) => "null".to_owned(),
        Pattern::Object(object) => {
            let mut entries: Vec<String> = object
                .entries
                .iter()
                .map(|entry| {
                    let plain = syn::parse_str::<syn::Ident>(&entry.key).is_ok();
                    let key = if plain {
                        entry.key.clone()
                    } else {
                        format!("{:?}", entry.key)
                    };
                    format!("{key}: {}", of_pattern(&entry.pattern))
                })
                .collect();
            if object.exact {
                return format!("{{ {}; exact }}", entries.join(", "));
            }
            entries.push("..".to_owned());
            format!("{{ {} }}", entries.join(", "))
        }
        Pattern::List(list) => format!("[{}]", of_items(&list.items)),
        Pattern::Quantified {
            quantifier,
            pattern,
            ..
        } => {
            format!("{} {}", quantifier.name(), in_parentheses(pattern))
        }
        Pattern::AllOf(patterns) => {
            let parts: Vec<String> = patterns.iter().map(in_parentheses).collect();
            parts.join(" & ")
        }
        Pattern::AnyOf(patterns) => joined(patterns, " | "),
        Pattern::Not { pattern, .. } => format!("!{}", in_parentheses(pattern)),
        Pattern::Bytes { operand, .. } => format!("bytes {}", of_operand(operand)),
        Pattern::Text { form, operand, .. } => format!("{} {}", form.words(), of_operand(operand)),
        Pattern::Approx { near, .. } => {
            let (value, tolerance) = match near {
                Near::Number(value, by) => (of_operand(value), of_operand(by)),
                Near::Time(time, by) => (of_operand(time), of_duration(by)),
                Near::Duration(value, by) => (of_duration(value), of_duration(by)),
            };
            format!("approx {value} +- {tolerance}")
        }
        Pattern::Moment { op, operand, .. } => format!("{} {}", op.name(), of_operand(operand)),
        Pattern::Unordered { list, .. } => format!("unordered [{}]", of_items(&list.items)),
        Pattern::Addressed {
            kind,
            address,
            pattern,
            ..
        } => {
            let (name, address) = (kind.name(), address.token());
            format!("{name} {address} {}", in_parentheses(pattern))
        }
        Pattern::Capture { name, ty: None, .. } => format!("capture {name}"),
        Pattern::Capture {
            name, ty: Some(ty), ..
        } => format!("capture {name}: {}", of_tokens(ty.to_token_stream())),
        Pattern::Matcher { operand, .. } => format!("=> {}", of_operand(operand)),
        Pattern::Typed(typed) => of_typed(typed),
    }
}

pub(crate) fn of_typed(typed: &TypedPattern) -> String {
    let path = of_tokens(typed.path.to_token_stream());
    match &typed.body {
        TypedBody::Unit => path,
        TypedBody::Fields { fields, rest, .. } => {
            let mut entries: Vec<String> = fields
                .iter()
                .map(|field| format!("{}: {}", field.name, of_pattern(&field.pattern)))
                .collect();
            if *rest {
                entries.push("..".to_owned());
            }
            if entries.is_empty() {
                return format!("{path} {{}}");
            }
            format!("{path} {{ {} }}", entries.join(", "))
        }
        TypedBody::Tuple { items, .. } => format!("{path}({})", of_items(items)),
    }
}

fn of_items(items: &[Item]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::One(pattern) => of_pattern(pattern),
            Item::Rest(_) => "..".to_owned(),
        })
        .collect();
    items.join(", ")
}

fn joined(patterns: &[Pattern], separator: &str) -> String {
    let parts: Vec<String> = patterns.iter().map(of_pattern).collect();
    parts.join(separator)
}

fn in_parentheses(pattern: &Pattern) -> String {
    let text = of_pattern(pattern);
    match pattern {
        Pattern::AllOf(_) | Pattern::AnyOf(_) => format!("({text})"),
        _ => text,
    }
}

fn of_duration(duration: &DurationArg) -> String {
    match duration {
        DurationArg::Literal { secs, nanos, .. } => {
            format!("{:?}", std::time::Duration::new(*secs, *nanos))
        }
        DurationArg::Expr(expr) => of_tokens(expr.to_token_stream()),
    }
}

fn of_operand(operand: &Operand) -> String {
    let text = of_tokens(operand.to_token_stream());
    match operand.expr() {
        Some(syn::Expr::Lit(_) | syn::Expr::Unary(_) | syn::Expr::Path(_)) => text,
        _ => format!("({text})"),
    }
}

/// The text of tokens on one line, with spaces where rustfmt would put them.
pub(crate) fn of_tokens(tokens: TokenStream) -> String {
    let mut text = String::new();
    let mut before: Option<TokenTree> = None;
    // After an operator that has nothing on its left, as in `-5` or `&order`.
    let mut after_prefix = false;
    for token in tokens {
        if let Some(before) = &before
            && !after_prefix
            && needs_space(before, &token, &text)
        {
            text.push(' ');
        }
        // `&&` is one operator: its second sign is what its first is.
        let goes_on =
            matches!(&before, Some(TokenTree::Punct(sign)) if sign.spacing() == Spacing::Joint);
        if !goes_on {
            after_prefix = is_operator(&token, "-&*!|")
                && before
                    .as_ref()
                    .is_none_or(|before| is_operator(before, "-+*/%&|=<>,;:!"));
        }
        push(&token, &mut text);
        before = Some(token);
    }
    text
}

fn push(token: &TokenTree, text: &mut String) {
    let TokenTree::Group(group) = token else {
        text.push_str(&token.to_string());
        return;
    };
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Brace if group.stream().is_empty() => ("{", "}"),
        Delimiter::Brace => ("{ ", " }"),
        Delimiter::None => ("", ""),
    };
    text.push_str(open);
    text.push_str(&of_tokens(group.stream()));
    text.push_str(close);
}

fn is_operator(token: &TokenTree, signs: &str) -> bool {
    matches!(token, TokenTree::Punct(punct) if signs.contains(punct.as_char()))
}

fn needs_space(before: &TokenTree, token: &TokenTree, text: &str) -> bool {
    let in_generics = text.contains("::<");
    match (before, token) {
        (TokenTree::Punct(sign), _) if matches!(sign.as_char(), ',' | ';') => true,
        (TokenTree::Punct(sign), TokenTree::Punct(_)) if sign.spacing() == Spacing::Joint => false,
        (_, TokenTree::Punct(next)) if ",;.?:".contains(next.as_char()) => false,
        (_, TokenTree::Punct(next))
            if "<>".contains(next.as_char()) && (in_generics || text.ends_with("::")) =>
        {
            false
        }
        (TokenTree::Ident(_), TokenTree::Punct(next)) if next.as_char() == '!' => false,
        (TokenTree::Punct(sign), _) => match sign.as_char() {
            '.' | '!' | '\'' | '?' => false,
            ':' => !text.ends_with("::"),
            '<' | '>' => !in_generics,
            _ => true,
        },
        (TokenTree::Ident(_) | TokenTree::Group(_), TokenTree::Group(group)) => {
            group.delimiter() == Delimiter::Brace
        }
        _ => true,
    }
}
