//! Topics written as literals.

use syn::{Expr, ExprLit, Lit, LitStr};

use crate::recover::Diagnostics;

/// Reports a topic that no broker would take, and says whether there was nothing to report. A topic
/// that is computed is not looked at.
pub(crate) fn expression(topic: Option<&Expr>, diagnostics: &mut Diagnostics) -> bool {
    let Some(Expr::Lit(ExprLit { lit, .. })) = topic else {
        return true;
    };
    if let Lit::Str(literal) = lit {
        return check(literal, diagnostics);
    }
    diagnostics.error(
        lit.span(),
        "a topic is a string; write where the message goes, such as \"orders.created\"",
    );
    false
}

/// Whether the topic is one; what is wrong with it is reported at the literal.
pub(crate) fn check(literal: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let topic = literal.value();
    if topic.is_empty() {
        diagnostics.error(
            literal.span(),
            "a topic is never empty; write where the message goes, such as \"orders.created\"",
        );
        return false;
    }
    if topic.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        let remedy: String = topic
            .split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let remedy = if remedy.is_empty() {
            "write one such as \"orders.created\"".to_owned()
        } else {
            format!("write \"{remedy}\"")
        };
        diagnostics.error(
            literal.span(),
            format!("a topic has no white space; {remedy}"),
        );
        return false;
    }
    true
}
