//! Payloads as calls that build them: what cannot be encoded comes out at run time, as data.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned as _;

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
fn value(paths: &Paths, json: &Json) -> TokenStream {
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

fn json_span(json: &Json) -> proc_macro2::Span {
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
        quote_spanned!(span=> &#tokens)
    } else {
        quote_spanned!(span=> &(#tokens))
    }
}
