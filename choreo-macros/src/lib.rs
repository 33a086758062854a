//! The engines of Choreo's macros. Users meet them through `choreo`, which holds the fronts, the
//! documentation and everything that an expansion calls; nothing here is for direct use.
//!
//! Every macro goes the same way: [`parse`] turns tokens into a [`model`] and recovers from
//! mistakes, [`check`] looks for what is wrong in the model, [`expand`] writes calls. Mistakes are
//! collected in [`recover::Diagnostics`] and reported all at once, next to the expansion of the rest.

use proc_macro::TokenStream;

mod check;
mod expand;
mod model;
mod parse;
mod paths;
mod recover;

/// Engine of `expect!`: `[$crate] s, topic, pattern, options`.
#[doc(hidden)]
#[proc_macro]
pub fn __expect(input: TokenStream) -> TokenStream {
    finish("expect!", expand::expect::entry(input.into()))
}

/// Engine of `pattern!`: `[$crate] pattern`.
#[doc(hidden)]
#[proc_macro]
pub fn __pattern(input: TokenStream) -> TokenStream {
    finish("pattern!", expand::pattern::entry(input.into()))
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
