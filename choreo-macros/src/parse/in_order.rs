//! The arguments of `in_order!`.

use syn::Token;
use syn::parse::ParseStream;

use super::options::without_parentheses;
use super::{pattern, target};
use crate::model::InOrder;
use crate::recover::{Diagnostics, skip_to_end, skip_to_separator};

/// Parses `s, a, b, c`. `None` when there is nothing to expand.
pub(crate) fn parse(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Option<InOrder> {
    let Some(target) = diagnostics.take(target::parse(input, "in_order!")) else {
        skip_to_end(input);
        return None;
    };
    let mut handles = Vec::new();
    while !input.is_empty() {
        if input.parse::<Token![,]>().is_err() {
            diagnostics.error(input.span(), "write a comma before this");
            skip_to_end(input);
            break;
        }
        if input.is_empty() {
            break;
        }
        if pattern::at_separator(input) {
            diagnostics.error(
                input.span(),
                "a handle is missing here: what `expect!` gives, as in `let paid = expect!(…);`",
            );
            continue;
        }
        match input.parse() {
            Ok(handle) => handles.push(without_parentheses(handle)),
            Err(error) => {
                diagnostics.absorb(error);
                skip_to_separator(input);
            }
        }
    }
    Some(InOrder { target, handles })
}
