//! Typed patterns whose type is to name the topic.

use syn::spanned::Spanned;

use crate::model::pattern::Pattern;
use crate::recover::Diagnostics;

/// Reports a type that is no message's: those of the standard library name no topic.
pub(crate) fn message(pattern: &mut Pattern, diagnostics: &mut Diagnostics) {
    let found = pattern.root().and_then(|typed| {
        let name = typed.path.get_ident()?.to_string();
        ["Some", "None", "Ok", "Err"]
            .contains(&name.as_str())
            .then(|| (typed.path.span(), name))
    });
    if let Some((span, name)) = found {
        diagnostics.error(
            span,
            format!(
                "`{name}` is no message and names no topic; write the message's own type, such as \
                 `OrderCreated {{ .. }}`, or the topic before the pattern: `\"orders.created\", {{ … }}`"
            ),
        );
        *pattern = Pattern::Broken;
    }
}
