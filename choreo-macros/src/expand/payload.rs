//! Payloads as calls that build them: what cannot be encoded comes out at run time, as data.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Ident, Lit};

use crate::model::{Json, Payload, UserExpr};
use crate::paths::Paths;

/// An expression of type `BodyResult`.
pub(crate) fn body(paths: &Paths, payload: &Payload) -> TokenStream {
    match payload {
        Payload::Json(json) => {
            let value = value(paths, json);
            let span = json_span(json);
            let private = paths.private(span);
            quote_spanned!(span=> #private::value_body(#value))
        }
        Payload::Raw { bytes, literal } => {
            let span = bytes.span();
            let private = paths.private(span);
            if *literal {
                // An array of bytes does not become `Bytes`, a slice does.
                quote_spanned!(span=> #private::raw_body(&#bytes[..]))
            } else {
                quote_spanned!(span=> #private::raw_body(#bytes))
            }
        }
    }
}

/// An expression of type `Result<Value, String>`.
pub(super) fn value(paths: &Paths, json: &Json) -> TokenStream {
    let span = json_span(json);
    let private = paths.private(span);
    match json {
        Json::Object { fields, .. } => {
            let fields = fields.iter().map(|field| {
                let key = &field.key;
                let value = value(paths, &field.value);
                quote_spanned!(field.key_span=> (#key, #value))
            });
            quote_spanned!(span=> #private::object(::std::vec![#(#fields),*]))
        }
        Json::Array { items, .. } => {
            let items = items.iter().map(|item| value(paths, item));
            quote_spanned!(span=> #private::array(::std::vec![#(#items),*]))
        }
        Json::Null { .. } => {
            quote_spanned!(span=> ::core::result::Result::Ok(#private::Value::Null))
        }
        Json::Value(expression) => {
            let expression = borrowed(expression);
            quote_spanned!(span=> #private::to_value(#expression))
        }
    }
}

fn json_span(json: &Json) -> Span {
    match json {
        Json::Object { span, .. } | Json::Array { span, .. } | Json::Null { span } => *span,
        Json::Value(value) => value.tokens.span(),
    }
}

/// The expression as an argument: rustc would call parentheses around it superfluous.
pub(super) fn argument(expression: &UserExpr) -> TokenStream {
    match expression.parsed.as_deref() {
        Some(Expr::Paren(paren)) => paren.expr.to_token_stream(),
        _ => expression.tokens.clone(),
    }
}

/// A topic, with our words when it is none. A literal has been looked at already.
pub(super) fn topic(paths: &Paths, expression: &UserExpr) -> TokenStream {
    let tokens = argument(expression);
    match expression.parsed.as_deref() {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        })) => tokens,
        Some(Expr::Lit(_)) => quote_spanned!(tokens.span()=> ""),
        _ => call(paths, "topic", &tokens),
    }
}

/// One of the functions that turn an argument into what is sent.
pub(super) fn call(paths: &Paths, function: &str, argument: &TokenStream) -> TokenStream {
    let span = argument.span();
    let private = paths.private(span);
    let function = Ident::new(function, span);
    quote_spanned!(span=> #private::#function(#argument))
}

/// `&expression`, in parentheses only where `&` would bind to a part of it: without them an error
/// underlines the whole expression.
pub(super) fn borrowed(expression: &UserExpr) -> TokenStream {
    let UserExpr { tokens, parsed } = expression;
    let span = tokens.span();
    let binds_tighter = matches!(
        parsed.as_deref(),
        Some(
            Expr::Lit(_)
                | Expr::Path(_)
                | Expr::Paren(_)
                | Expr::Call(_)
                | Expr::MethodCall(_)
                | Expr::Field(_)
                | Expr::Index(_)
                | Expr::Macro(_)
                | Expr::Struct(_)
                | Expr::Array(_)
                | Expr::Tuple(_)
                | Expr::Await(_)
                | Expr::Try(_)
                | Expr::Unary(_)
                | Expr::Reference(_)
                | Expr::Block(_)
        )
    );
    if binds_tighter {
        return quote_spanned!(span=> &#tokens);
    }
    let tokens = closed(Delimiter::Parenthesis, expression);
    quote_spanned!(span=> &#tokens)
}

/// In parentheses or braces. Those of unfinished code stand at its end, where the compiler misses
/// the rest.
pub(super) fn closed(delimiter: Delimiter, expression: &UserExpr) -> TokenStream {
    let mut group = Group::new(delimiter, expression.tokens.clone());
    let span = match &expression.parsed {
        Some(parsed) => parsed.span(),
        None => expression
            .tokens
            .clone()
            .into_iter()
            .last()
            .map_or_else(Span::call_site, |last| last.span()),
    };
    group.set_span(span);
    TokenTree::Group(group).into()
}
