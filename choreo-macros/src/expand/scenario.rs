//! `#[choreo::scenario]`: the function stays, a registered case and a test that explains itself are
//! put beside it.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, LitStr, Path, ReturnType};

use crate::model::{CaseSource, DurationArg, Function, ScenarioArgs, SlowArg};
use crate::paths::Paths;
use crate::recover::Diagnostics;
use crate::{check, expand, parse};

use super::cases::{Case, InFile};

pub(crate) fn entry(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::new();
    let args = parse::args::scenario(args, &mut diagnostics);
    let Some(mut function) = parse::function::parse(item.clone(), "scenario", &mut diagnostics)
    else {
        let mut expansion = diagnostics.into_compile_errors();
        expansion.extend(item);
        return expansion;
    };
    let rows = parse::cases::take(&mut function, &mut diagnostics);
    check::function::scenario(&mut function, &rows, &mut diagnostics);
    let paths = Paths::from_attribute(args.krate.as_ref());
    // What is in a file is looked at once it is clear what belongs there.
    let cases = if diagnostics.is_empty() {
        expand::cases::cases(
            &rows.sources,
            &parse::cases::parameters(&function.sig),
            function.sig.ident.span(),
            &paths,
            &mut diagnostics,
        )
    } else {
        Vec::new()
    };
    if let Some(harness) = args.harness.as_ref().filter(|_| diagnostics.is_empty()) {
        let registration = registration(&args, harness, &function, &rows.sources, &cases);
        quote!(#function #registration)
    } else {
        let errors = diagnostics.into_compile_errors();
        // Not registered, and not called "never used" on top of that.
        quote!(#errors #[allow(dead_code)] #function)
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

fn registration(
    args: &ScenarioArgs,
    harness: &Path,
    function: &Function,
    sources: &[CaseSource],
    cases: &[Case],
) -> TokenStream {
    let paths = Paths::from_attribute(args.krate.as_ref());
    let private = paths.private(Span::call_site());
    let cfgs: Vec<&Attribute> = cfgs(&function.attrs).collect();
    let ident = &function.sig.ident;
    let name = args.name.clone().unwrap_or_else(|| name_of(ident));
    let tags = &args.tags;
    let ignore = option(args.ignore.as_ref());
    let should_fail = option(args.should_fail.as_ref());
    let slow = option(args.slow.map(|slow| match slow {
        SlowArg::Warn => quote!(#private::SlowPolicy::Warn),
        SlowArg::Deny => quote!(#private::SlowPolicy::Deny),
    }));
    let timeout = option(args.timeout.as_ref().map(duration));
    let host = host(&paths, harness);
    let submissions = cases.iter().map(|case| {
        let name = LitStr::new(&format!("{}{}", name.value(), case.suffix), name.span());
        // Its `line!()` is the line of the function's name or of the row, not that of the attribute.
        let line = quote_spanned!(case.span=> ::core::line!());
        let row = row(&private, case, &line);
        let body = body(&paths, function, &case.values);
        quote! {
            #private::inventory::submit! {
                #private::Case {
                    name: #name,
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: #line,
                    row: #row,
                    tags: &[#(#tags),*],
                    ignore: #ignore,
                    should_fail: #should_fail,
                    slow: #slow,
                    resource: || #host,
                    run: |context| {
                        #private::run_scenario(#host, #timeout, #body, context)
                    },
                }
            }
        }
    });
    let tracked = expand::cases::tracked(sources);
    let explanation = explanation(&private, &cfgs, ident, &name);
    quote! {
        #(#cfgs)*
        const _: () = {
            #(#tracked)*
            #(#submissions)*
        };
        #explanation
    }
}

/// Where the row of a case is; `line` is that of an attribute.
fn row(private: &TokenStream, case: &Case, line: &TokenStream) -> TokenStream {
    option(case.number.map(|number| {
        let number = Literal::usize_unsuffixed(number);
        match &case.in_file {
            Some(InFile { path, row, line }) => {
                let [row, line] = [row, line].map(|it| Literal::usize_unsuffixed(*it));
                quote! {
                    #private::Row {
                        number: #number,
                        in_file: ::core::option::Option::Some(#row),
                        file: #path,
                        line: #line,
                    }
                }
            }
            None => quote! {
                #private::Row {
                    number: #number,
                    in_file: ::core::option::Option::None,
                    file: ::core::file!(),
                    line: #line,
                }
            },
        }
    }))
}

/// An expression of the wrong type is reported at the expression, and nothing else.
fn duration(timeout: &DurationArg) -> TokenStream {
    let value = expand::duration(timeout);
    match timeout {
        DurationArg::Literal { .. } => value,
        DurationArg::Expr(expression) => quote_spanned! {expression.span()=> {
            let __choreo_timeout: ::core::time::Duration = #value;
            __choreo_timeout
        }},
    }
}

/// The harness or stage. It stands twice in the expansion, in the same words: the compiler reports what
/// is wrong with it once, at the user's path.
fn host(paths: &Paths, harness: &Path) -> TokenStream {
    let span = harness.span();
    let private = paths.private(span);
    quote_spanned!(span=> #private::host(&#harness))
}

/// A call of the user's function. What the compiler says about the argument is about the type of
/// the user's parameter, and what it says about the result is about the user's return type. The argument goes
/// through a trait, which says what to write for a parameter of another type.
fn body(paths: &Paths, function: &Function, values: &[TokenStream]) -> TokenStream {
    let sig = &function.sig;
    let ident = &sig.ident;
    let argument_span = match sig.inputs.first() {
        Some(FnArg::Typed(parameter)) => parameter.ty.span(),
        _ => ident.span(),
    };
    let output_span = match &sig.output {
        ReturnType::Type(_, output) => output.span(),
        ReturnType::Default => ident.span(),
    };
    let private = paths.private(output_span);
    let scenario = format_ident!("__choreo_scenario", span = argument_span);
    let argument = {
        let private = paths.private(argument_span);
        quote_spanned!(argument_span=> #private::argument(#scenario))
    };
    let end = format_ident!("__choreo_end", span = output_span);
    quote_spanned! {ident.span()=>
        |#scenario| ::std::boxed::Box::pin(async move {
            let #end = #ident(#argument #(, #values)*).await;
            #private::body_end(#end)
        })
    }
}

/// Shows up only where Rust's own harness runs, which would otherwise report "0 tests" and pass.
fn explanation(
    private: &TokenStream,
    cfgs: &[&Attribute],
    ident: &syn::Ident,
    name: &LitStr,
) -> TokenStream {
    let test = format_ident!("__choreo_{}", ident.unraw(), span = Span::call_site());
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[doc(hidden)]
        #[allow(non_snake_case)]
        #[::core::prelude::v1::test]
        fn #test() {
            #private::not_run_by_choreo(
                #name,
                ::core::file!(),
                ::core::option_env!("CARGO_CRATE_NAME"),
            )
        }
    }
}

/// What decides whether the function exists decides the same for what stands beside it.
pub(super) fn cfgs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
}

/// The name of a function as a string, without `r#`.
pub(super) fn name_of(ident: &syn::Ident) -> LitStr {
    LitStr::new(&ident.unraw().to_string(), ident.span())
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
