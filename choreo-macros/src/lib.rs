//! The engines of Choreo's macros. Users meet them through `choreo`, which holds the fronts, the
//! documentation and everything that an expansion calls; nothing here is for direct use.
//!
//! Every macro goes the same way: `parse` turns tokens into a `model` and recovers from
//! mistakes, `check` looks for what is wrong in the model, `expand` writes calls. Mistakes are
//! collected in `recover::Diagnostics` and reported all at once, next to the expansion of the rest.

use proc_macro::TokenStream;

mod check;
mod expand;
mod model;
mod parse;
mod paths;
mod recover;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod text;

/// Engine of `expect!`: `[$crate] s, topic, pattern, options`.
#[doc(hidden)]
#[proc_macro]
pub fn __expect(input: TokenStream) -> TokenStream {
    finish(
        "expect!",
        expand::expect::entry(input.into(), model::Asking::Expect),
    )
}

/// Engine of `never!`: `[$crate] s, topic, pattern, options`.
#[doc(hidden)]
#[proc_macro]
pub fn __never(input: TokenStream) -> TokenStream {
    finish(
        "never!",
        expand::expect::entry(input.into(), model::Asking::Never),
    )
}

/// Engine of `in_order!`: `[$crate] s, handles`.
#[doc(hidden)]
#[proc_macro]
pub fn __in_order(input: TokenStream) -> TokenStream {
    finish("in_order!", expand::in_order::entry(input.into()))
}

/// Engine of `pattern!`: `[$crate] pattern`.
#[doc(hidden)]
#[proc_macro]
pub fn __pattern(input: TokenStream) -> TokenStream {
    finish("pattern!", expand::pattern::entry(input.into()))
}

/// Engine of `publish!`: `[$crate] s, …`.
#[doc(hidden)]
#[proc_macro]
pub fn __publish(input: TokenStream) -> TokenStream {
    finish(
        "publish!",
        expand::publish::entry(input.into(), model::Sending::Publish),
    )
}

/// Engine of `request!`: `[$crate] s, …`.
#[doc(hidden)]
#[proc_macro]
pub fn __request(input: TokenStream) -> TokenStream {
    finish(
        "request!",
        expand::publish::entry(input.into(), model::Sending::Request),
    )
}

/// Engine of `reply!`: `[$crate] s, …`.
#[doc(hidden)]
#[proc_macro]
pub fn __reply(input: TokenStream) -> TokenStream {
    finish("reply!", expand::reply::entry(input.into()))
}

/// Engine of `begin!`: `[$crate] s`.
#[doc(hidden)]
#[proc_macro]
pub fn __begin(input: TokenStream) -> TokenStream {
    finish("begin!", expand::steps::begin(input.into()))
}

/// Engine of `settle!`: `[$crate] s`.
#[doc(hidden)]
#[proc_macro]
pub fn __settle(input: TokenStream) -> TokenStream {
    finish("settle!", expand::steps::settle(input.into()))
}

/// Engine of `next_act!`: `[$crate] s`.
#[doc(hidden)]
#[proc_macro]
pub fn __next_act(input: TokenStream) -> TokenStream {
    finish("next_act!", expand::steps::next_act(input.into()))
}

/// Makes an `async fn` a scenario; documented where `choreo` exports it.
#[proc_macro_attribute]
pub fn scenario(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(
        "scenario",
        expand::scenario::entry(args.into(), item.into()),
    )
}

/// Makes an `async fn` a harness; documented where `choreo` exports it.
#[proc_macro_attribute]
pub fn harness(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(
        "harness",
        expand::harness::entry(model::HostKind::Harness, args.into(), item.into()),
    )
}

/// Makes an `async fn` a stage; documented where `choreo` exports it.
#[proc_macro_attribute]
pub fn stage(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(
        "stage",
        expand::harness::entry(model::HostKind::Stage, args.into(), item.into()),
    )
}

/// Makes a struct of harnesses the transports of a stage; documented where `choreo` exports it.
#[proc_macro_derive(Stage, attributes(stage))]
pub fn stage_transports(item: TokenStream) -> TokenStream {
    finish("Stage", expand::stage::entry(item.into()))
}

/// Gives a type its topic; documented where `choreo` exports it.
#[proc_macro_derive(Message, attributes(message))]
pub fn message(item: TokenStream) -> TokenStream {
    finish("Message", expand::message::entry(item.into()))
}

/// Hands an expansion to the compiler; with `CHOREO_MACROS_DEBUG=1` it is printed as well.
fn finish(name: &str, expansion: proc_macro2::TokenStream) -> TokenStream {
    if std::env::var_os("CHOREO_MACROS_DEBUG").is_some_and(|value| value == "1") {
        #[expect(
            clippy::print_stderr,
            reason = "printing is what the variable asks for"
        )]
        {
            eprintln!("expansion of {name}:\n{expansion}\n");
        }
    }
    expansion.into()
}
