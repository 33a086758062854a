//! Tables for the parsers and the expansions as a whole. What rustc makes of them is in `tests/ui`.

use proc_macro2::TokenStream;

mod attributes;
mod counts;
mod duration;
mod expect;
mod publish;
mod reply;
mod text;

/// Tokens from source text.
fn tokens(source: &str) -> TokenStream {
    source
        .parse()
        .expect("the source of a test is made of tokens")
}

/// The messages of the `compile_error!`s in an expansion, in order.
fn errors(expansion: &TokenStream) -> Vec<String> {
    let text = expansion.to_string();
    text.match_indices("compile_error !")
        .map(|(at, _)| {
            let rest = &text[at..];
            let open = rest.find('"').expect("an error has a message");
            let literal: TokenStream = first_literal(&rest[open..]);
            syn::parse2::<syn::LitStr>(literal)
                .expect("the message of an error is a string")
                .value()
        })
        .collect()
}

fn first_literal(text: &str) -> TokenStream {
    let mut escaped = false;
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, letter)| {
            let ends = *letter == '"' && !escaped;
            escaped = *letter == '\\' && !escaped;
            ends
        })
        .map_or(text.len(), |(at, _)| at + 1);
    tokens(&text[..end])
}

/// The expansion has exactly these errors: each of `fragments` is part of the error at its place.
#[track_caller]
fn assert_errors(source: &str, expansion: &TokenStream, fragments: &[&str]) {
    let errors = errors(expansion);
    assert!(
        errors.len() == fragments.len()
            && errors
                .iter()
                .zip(fragments)
                .all(|(error, fragment)| error.contains(fragment)),
        "for `{source}`\n  expected {fragments:#?}\n  and got  {errors:#?}",
    );
}

/// The expansion contains this code, however it is spaced.
#[track_caller]
fn assert_contains(expansion: &TokenStream, wanted: &str) {
    let text = expansion.to_string();
    assert!(
        unspaced(&text).contains(&unspaced(wanted)),
        "expected\n  {wanted}\nin\n  {text}"
    );
}

/// The expansion is this code, however it is spaced.
#[track_caller]
fn assert_is(expansion: &TokenStream, wanted: &str) {
    assert_eq!(unspaced(&expansion.to_string()), unspaced(wanted));
}

fn unspaced(code: &str) -> String {
    code.split_whitespace().collect()
}
