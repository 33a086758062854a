//! The first argument of every step: the scenario variable.

use syn::parse::ParseStream;
use syn::{Ident, Token};

use crate::model::Target;
use crate::recover::{error_here, skip_to_separator};

/// Parses the scenario variable; the `,` after it stays.
///
/// # Errors
/// At the argument, when it is not a plain variable.
pub(crate) fn parse(input: ParseStream<'_>, macro_name: &str) -> syn::Result<Target> {
    let usage = format!("the first argument is the scenario variable: `{macro_name}(s, …)`");
    if input.is_empty() {
        return Err(error_here(input, usage));
    }
    if !input.peek(Ident) {
        let written = skip_to_separator(input);
        return Err(syn::Error::new_spanned(written, usage));
    }
    let ident: Ident = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Target { ident });
    }
    let is_field = input.peek(Token![.]);
    let rest = skip_to_separator(input);
    let message = if is_field {
        format!(
            "`{ident}{}` names one transport of a stage, and this version of Choreo has no stages; \
             a scenario has one harness: write `{macro_name}({ident}, …)`",
            rest.to_string().replace(' ', ""),
        )
    } else {
        format!("write a comma before this: `{macro_name}({ident}, …)`")
    };
    Err(syn::Error::new_spanned(rest, message))
}
