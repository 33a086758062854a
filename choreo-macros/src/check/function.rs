//! The rules for the functions below our attributes.

use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, ReturnType, Signature};

use crate::model::{Function, HostKind};
use crate::parse::{self, cases::Cases};
use crate::recover::Diagnostics;

/// Reports what keeps a function from being a scenario. Attributes of libtest are taken off, so
/// that their own errors do not follow ours.
pub(crate) fn scenario(function: &mut Function, cases: &Cases, diagnostics: &mut Diagnostics) {
    function
        .attrs
        .retain(|attribute| match refused_attribute(attribute) {
            Some(message) => {
                diagnostics.error_spanned(attribute, message);
                false
            }
            None => true,
        });
    plain("scenario", &function.sig, diagnostics);
    if function.sig.asyncness.is_none() {
        diagnostics.error(
            function.sig.fn_token.span,
            format!(
                "a scenario is async, because it waits for messages: write `async fn {}`",
                function.sig.ident
            ),
        );
    }
    let mut inputs = function.sig.inputs.iter();
    if let Some(FnArg::Receiver(receiver)) = inputs.clone().next() {
        diagnostics.error_spanned(
            receiver,
            "a scenario is a free function; take it out of the `impl` and write `s: Scenario<'_>`",
        );
        return;
    }
    if inputs.next().is_none() {
        diagnostics.error(
            function.sig.paren_token.span.join(),
            format!(
                "a scenario takes its steps from a parameter: write `{}(s: Scenario<'_>)`",
                function.sig.ident
            ),
        );
        return;
    }
    let parameters = parse::cases::parameters(&function.sig);
    if !cases.tried {
        for parameter in &parameters {
            super::cases::unfilled(parameter, diagnostics);
        }
    }
    super::cases::cases(&cases.sources, &parameters, diagnostics);
}

/// Reports what keeps a function from being a harness or a stage.
pub(crate) fn host(kind: HostKind, function: &Function, diagnostics: &mut Diagnostics) {
    let what = kind.word();
    let sig = &function.sig;
    plain(what, sig, diagnostics);
    if sig.asyncness.is_none() {
        diagnostics.error(
            sig.fn_token.span,
            format!(
                "a {what} is async, because it connects: write `async fn {}`",
                sig.ident
            ),
        );
    }
    if !sig.inputs.is_empty() {
        diagnostics.error_spanned(
            &sig.inputs,
            format!(
                "a {what} takes no parameters: the runner opens it on first use; read what it needs \
                 from the environment or from constants"
            ),
        );
    }
    if matches!(sig.output, ReturnType::Default) {
        let name = &sig.ident;
        let output = match kind {
            HostKind::Harness => {
                format!("its connection: write `async fn {name}() -> choreo::Result<Harness>`")
            }
            HostKind::Stage => format!(
                "its connections: write `async fn {name}() -> choreo::Result<Stage<Transports>>`, \
                 with your struct that has `#[derive(Stage)]`"
            ),
        };
        diagnostics.error_spanned(&sig.ident, format!("a {what} returns {output}"));
    }
}

fn plain(what: &str, sig: &Signature, diagnostics: &mut Diagnostics) {
    if !sig.generics.params.is_empty() {
        diagnostics.error_spanned(
            &sig.generics,
            format!(
                "a {what} has no type or lifetime parameters: nobody calls it who could choose \
                 them; remove them"
            ),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        diagnostics.error_spanned(clause, format!("a {what} has no `where` clause; remove it"));
    }
    let safety = sig.safety.to_token_stream();
    let safety = (!safety.is_empty()).then(|| safety.span());
    let qualifiers = [
        sig.constness.map(|token| token.span()),
        safety,
        sig.abi.as_ref().map(|abi| abi.span()),
        sig.variadic.as_ref().map(|variadic| variadic.span()),
    ];
    for span in qualifiers.into_iter().flatten() {
        diagnostics.error(span, format!("a {what} is a plain `async fn`; remove this"));
    }
}

fn refused_attribute(attribute: &Attribute) -> Option<&'static str> {
    let last = attribute.path().segments.last()?.ident.to_string();
    match last.as_str() {
        "test" => Some(
            "`#[choreo::scenario]` makes the function a test already, on Choreo's own runtime; \
             remove this attribute",
        ),
        "should_panic" => {
            Some("write `should_fail = \"why\"` into `#[choreo::scenario(…)]` instead")
        }
        "ignore" => Some("write `ignore = \"why\"` into `#[choreo::scenario(…)]` instead"),
        _ => None,
    }
}
