//! The options of a reply, as calls on its rule.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use crate::model::{Delay, Repeat, ReplyOptions};
use crate::paths::Paths;

use super::{duration, payload, publish, reply};

/// `rule.times(…).delay(…)`, as far as there are options.
pub(super) fn calls(
    paths: &Paths,
    rule: &TokenStream,
    options: &ReplyOptions,
    span: Span,
) -> TokenStream {
    let mut rule = rule.clone();
    match &options.repeat {
        Some(Repeat::Times(count, _)) => {
            let count = payload::argument(count);
            rule = quote_spanned!(count.span()=> #rule.times(#count));
        }
        Some(Repeat::Always(word)) => rule = quote_spanned!(*word=> #rule.always()),
        None => {}
    }
    match &options.delay {
        Some(Delay::Fixed(delay)) => {
            let delay = duration(delay);
            rule = quote_spanned!(delay.span()=> #rule.delay(#delay));
        }
        Some(Delay::Between(low, high)) => {
            let (low, high) = (duration(low), duration(high));
            rule = quote_spanned!(low.span()=> #rule.delay_between(#low, #high));
        }
        Some(Delay::Drawn(draw)) => {
            let draw = payload::argument(draw);
            rule = quote_spanned!(draw.span()=> #rule.delay_drawn(#draw));
        }
        None => {}
    }
    if let Some(error) = &options.error {
        let rate = payload::argument(&error.rate);
        let builder = reply::fixed(paths, &error.payload, span);
        rule = quote_spanned!(rate.span()=> #rule.error_rate(#rate, #builder));
    }
    if let Some(rate) = &options.drop_rate {
        // Its tokens: a literal `1` is a float there.
        let rate = payload::argument(rate);
        rule = quote_spanned!(rate.span()=> #rule.drop_rate(#rate));
    }
    if let Some(count) = &options.drop_first {
        let count = payload::argument(count);
        rule = quote_spanned!(count.span()=> #rule.drop_first(#count));
    }
    if let Some(seed) = &options.seed {
        let seed = payload::argument(&seed.value);
        rule = quote_spanned!(seed.span()=> #rule.seed(#seed));
    }
    if let Some(word) = options.required {
        rule = quote_spanned!(word=> #rule.required());
    }
    publish::around(paths, rule, &options.around)
}
