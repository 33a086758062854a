//! Budgets, deadlines and `fail_fast` that make no sense together, or with what is expected.

use crate::model::{Amount, Asking, Expectation, Subject};
use crate::recover::Diagnostics;

use super::count::literal;

/// Reports what is wrong; what only the running test knows is looked at there.
pub(crate) fn time(expectation: &Expectation, diagnostics: &mut Diagnostics) {
    let options = &expectation.options;
    let count = options.count.as_ref().map(|count| &count.amount);
    let needs_none =
        matches!(count, Some(Amount::Between { low, .. }) if literal(low) == Some(Ok(0)));
    if let Some(word) = options.fail_fast {
        if needs_none {
            diagnostics.error(
                word,
                "none is needed, so no message is a near miss; remove it, or write how many must come, such as \
                 `times 1..=3`",
            );
        }
        if let Subject::Snapshot { .. } = &expectation.subject {
            diagnostics.error(
                word,
                "`insta` judges a snapshot when everything has come, and `fail_fast` would end the scenario \
                 before; remove it, or write a pattern",
            );
        }
    }
    if let (Asking::Expect, Some(word), None) =
        (expectation.asking, options.unrouted, options.fail_fast)
    {
        diagnostics.error(
            word,
            "`unrouted` is about messages of others that would end the scenario: it goes with `fail_fast`, or \
             into a `never!`; remove it",
        );
    }
    let Some((word, deadline)) = &options.deadline else {
        return;
    };
    let budget = options.within.as_ref().and_then(|within| within.nanos());
    if let (Some(deadline), Some(budget)) = (deadline.nanos(), budget)
        && deadline < budget
    {
        diagnostics.error(
            *word,
            "nothing that comes after the deadline is a match, so with a shorter one no match is over its \
             budget; write a `within` that is below the `deadline`, or remove it",
        );
    }
    if needs_none {
        diagnostics.error(
            *word,
            "none is needed, so no deadline can be missed; remove it, or write how many must come, such as \
             `times 1..=3`",
        );
    }
}
